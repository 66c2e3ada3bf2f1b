"""A login beyond the limit, where that is refused."""

from typing import Any

import pytest
from django.contrib.auth import login
from django.http import HttpResponse
from django.test import Client

from django_logout.models import LoginSession
from tests.clients import BACKEND, FORM, log_in, logged_in_as, logged_in_by_turns
from tests.pending_logins import view_ignoring_refusal
from tests.timeouts import reasons
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


TOO_MANY = (
    "You are already logged in on the maximum number of devices. Log out on one of them first."
)


def test_refused(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """No user is logged in, no session has ended, and the page with the form says what to do."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    (first,) = logged_in_by_turns(user, clock, 1)
    last_login = type(user).objects.get().last_login
    second = Client()
    clock.shift(1)

    answer = log_in(second, "/login/?next=/private/")

    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/private/")
    assert TOO_MANY in second.get(answer["Location"]).text
    assert (logged_in_as(first), logged_in_as(second)) == ("ann", "")
    assert (LoginSession.objects.count(), reasons()) == (1, [])
    assert type(user).objects.get().last_login == last_login
    first.post("/accounts/logout/")
    assert log_in(second)["Location"] == "/"
    assert logged_in_as(second) == "ann"


def test_a_guest_who_is_refused_keeps_the_cart(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Also where the login's transaction is rolled back, with the key it had given the session."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    logged_in_by_turns(user, clock, 1)
    for atomic in (False, True):
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = atomic
        guest = Client()
        guest.get("/write/")
        try:
            assert log_in(guest).status_code == 302
        finally:
            settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False
        assert guest.get("/write/").content == b"user= count=2"


def test_a_fetch_that_is_refused(user: Any, settings: Any, clock: Any) -> None:
    """401 with the reason, and where to log in."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    logged_in_by_turns(user, clock, 1)

    answer = Client().post("/login/", FORM, headers={"accept": "application/json"})

    assert answer.status_code == 401
    assert (answer.json()["reason"], answer.json()["detail"]) == ("login_refused", TOO_MANY)
    assert answer.json()["login_url"] == "/login/"


def test_a_link_that_logs_in_and_is_refused(user: Any, settings: Any, clock: Any) -> None:
    """There is no form to go back to: the login page, and not that link again afterwards."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    settings.ROOT_URLCONF = routes(lambda request: HttpResponse(login(request, user, BACKEND)))
    logged_in_by_turns(user, clock, 1)

    assert Client().get(OUT)["Location"] == "/login/"


def test_without_messages_a_page_says_it(user: Any, settings: Any, clock: Any) -> None:
    """A redirect could not."""
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    logged_in_by_turns(user, clock, 1)

    answer = log_in(Client())

    assert answer.status_code == 401
    assert TOO_MANY in answer.text


def test_code_that_ignores_the_refusal_logs_no_user_in(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """In that request as little as in the next."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    logged_in_by_turns(user, clock, 1)

    settings.ROOT_URLCONF = routes(view_ignoring_refusal(user))
    client = Client()
    assert client.get(OUT).content == b"user="
    assert logged_in_as(client) == ""
    assert LoginSession.objects.count() == 1


@pytest.mark.parametrize("at_limit", ["refuse", "ask"])
def test_a_middleware_that_logs_in_is_told(
    user: Any, settings: Any, clock: Any, at_limit: str
) -> None:
    """To the page that says how to go on. If it logs in with each request, there too, that page
    is ours, and leads to no other."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": at_limit}
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.RemoteUserMiddleware",
    ]
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
    logged_in_by_turns(user, clock, 1)
    client = Client(raise_request_exception=False)

    answer = client.get("/private/", REMOTE_USER="ann")

    assert (
        answer["Location"] == {"refuse": "/login/", "ask": "/accounts/sessions/choose/"}[at_limit]
    )
    page = client.get(answer["Location"], REMOTE_USER="ann")
    assert page.status_code == 401
    assert TOO_MANY in page.text
