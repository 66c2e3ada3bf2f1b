"""Sessions that expire by the clock: idle, or too old; each is told why."""

from datetime import timedelta
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from django_logout.signals import session_ended
from tests.clients import LOGOUT, copy_of, logged_in, logged_in_as
from tests.timeouts import another_process, reasons
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/private/?page=2&q=a%26b"
IDLE = {"IDLE_TIMEOUT": timedelta(minutes=10)}
AGE = {"ABSOLUTE_TIMEOUT": 3600}
AWAY = "You were logged out because you were inactive."


def test_idle_for_long_enough_and_it_is_over(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """The page is not served; the login page says why, and leads back to the same URL."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    clock.shift(599)
    assert logged_in_as(client) == "ann"
    clock.shift(600)

    response = client.get(PAGE)

    where = urlsplit(response["Location"])
    assert (where.path, parse_qs(where.query)) == ("/login/", {"next": [PAGE]})
    assert AWAY in client.get(response["Location"]).text
    assert reasons() == ["idle"]
    assert LoginSession.objects.get().ended_at == timezone.now()


def test_activity_puts_idleness_off_but_not_age(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Both limits at once; whichever comes first."""
    settings.LOGOUT = {**IDLE, **AGE}
    client = logged_in(user)
    for _ in range(7):
        clock.shift(500)
        assert logged_in_as(client) == "ann"
    clock.shift(100)

    assert logged_in_as(client) == ""
    assert reasons() == ["absolute_timeout"]


def test_age_is_of_the_session_not_of_the_last_login(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """A login on another device does not extend this session."""
    settings.LOGOUT = AGE
    first = logged_in(user)
    clock.shift(1800)
    second = logged_in(user)
    clock.shift(1800)

    assert (logged_in_as(first), logged_in_as(second)) == ("", "ann")


def test_logging_in_again_in_a_session_begins_anew(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Both limits, on every process (NIST SP 800-63B-4, 5.2)."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 3600, **AGE}
    client = logged_in(user)
    clock.shift(3000)
    assert client.post("/login/", {"username": "ann", "password": "pw"}).status_code == 302
    clock.shift(3000)

    assert logged_in_as(client) == "ann"
    with another_process():
        assert logged_in_as(client) == "ann"
    clock.shift(600)
    assert logged_in_as(client) == ""
    assert reasons() == ["absolute_timeout"]


def test_what_has_expired_stays_so(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """For a copied cookie too, with limits that have become longer, and with one event."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    copy = copy_of(client)
    heard = []
    session_ended.connect(lambda **facts: heard.append(facts["reason"]), weak=False)
    clock.shift(600)
    assert logged_in_as(client) == ""
    settings.LOGOUT = {}

    try:
        assert logged_in_as(copy) == ""
        with another_process():
            assert logged_in_as(copy) == ""
    finally:
        session_ended.receivers.pop()
    assert (reasons(), heard) == (["idle"], ["idle"])


def test_expired_session_is_deleted_from_the_engine(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Not until the cookie's own age: the guest's cart and the rest go too."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    key = client.cookies["sessionid"].value
    clock.shift(600)
    logged_in_as(client)

    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    assert engine == "signed_cookies" or store.load() == {}
    assert client.cookies["sessionid"].value == ""


def test_no_session_lives_longer_for_being_used(user: Any, settings: Any, clock: Any) -> None:
    """Activity is written beside the session, whose own life goes on to its end."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    settings.LOGOUT = {**IDLE, "LAST_SEEN_INTERVAL": 1}
    client = logged_in(user)
    client.get("/")
    before = Session.objects.get().expire_date, LoginSession.objects.get().expires_at
    clock.shift(300)

    response = client.get("/")

    assert (Session.objects.get().expire_date, LoginSession.objects.get().expires_at) == before
    assert "sessionid" not in response.cookies
    assert LoginSession.objects.get().last_seen_at == timezone.now()


def test_a_fetch_gets_401_with_the_reason(user: Any, settings: Any, clock: Any) -> None:
    """And not the login page."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    clock.shift(600)

    response = client.get(PAGE, headers={"sec-fetch-dest": "empty", "accept": "*/*"})

    assert response.status_code == 401
    assert response.json()["reason"] == "idle"
    assert response.json()["login_url"].startswith("/login/?next=")


def test_htmx_is_sent_to_the_login_page(user: Any, settings: Any, clock: Any) -> None:
    """As a whole page, which says why."""
    settings.LOGOUT = AGE
    client = logged_in(user)
    clock.shift(3600)

    response = client.get("/private/", headers={"hx-request": "true"})

    assert response.status_code == 204
    assert "maximum length" in client.get(response["HX-Redirect"]).text


def test_logging_in_with_an_expired_cookie(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """The old session ends as what it was, the new one lives."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    clock.shift(600)

    client.post("/login/", {"username": "ann", "password": "pw"})

    assert logged_in_as(client) == "ann"
    assert reasons() == ["idle"]
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_logging_out_of_an_expired_session(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Is calm, and ends it once."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    clock.shift(600)

    assert client.post(LOGOUT).status_code in {200, 302}
    assert len(reasons()) == 1
    assert logged_in_as(client) == ""


def test_an_ending_of_the_same_session_meanwhile_is_the_one_that_counts(
    user: Any, settings: Any, clock: Any
) -> None:
    """Two requests meet the expired session; one event."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    session = LoginSession.objects.get()
    clock.shift(600)

    def view(request: HttpRequest) -> HttpResponse:
        refused = not request.user.is_authenticated
        end_sessions(Target.session(session.pk), reason="admin")
        return HttpResponse(f"{refused}")

    settings.ROOT_URLCONF = routes(view)
    assert client.get(OUT).content == b"True"
    assert reasons() == ["admin"]
