"""A user who logged in long ago has to log in again before other sessions end, and comes back."""

from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import alogin, get_user_model, login
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import LoginView
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.test import Client
from django.urls import path
from django.utils import timezone

from django_logout.models import LoginSession, LogoutEvent
from django_logout.operations import backfill
from django_logout.views import LogoutView
from tests.clients import (
    EVERYWHERE,
    JSON,
    LOGOUT,
    OTHERS,
    SELECTED,
    SESSIONS,
    Page,
    age,
    before_us,
    browser,
    end_url,
    id_of,
    listed,
    logged_in_as,
    notices,
)
from tests.urlconf import OUT, routes
from tests.urls import urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)

LOGIN = f"/login/?next={SESSIONS}%3Fagain%3D1"
WHY = "You logged in a while ago. To end other sessions, please log in again."
HOUR = 3600


def asks(response: Any) -> bool:
    """Return whether the response leads to the login page."""
    return bool(response.get("Location") == LOGIN)


def log_in(client: Client, name: str = "ann", url: str = LOGIN) -> Any:
    """Fill in the login page where one has been sent to, and follow."""
    return client.post(url, {"username": name, "password": "pw"}, follow=True)


@pytest.mark.parametrize("what", ["one", "others", "everywhere", "tick box"])
def test_an_old_login_ends_nothing_but_itself(user: Any, what: str) -> None:
    """The login page says why; programs get a problem with its URL, htmx a header."""
    here, phone = browser(user), browser(user)
    age(HOUR)
    url, data = {
        "one": (end_url(id_of(phone)), {}),
        "others": (OTHERS, {}),
        "everywhere": (EVERYWHERE, {}),
        "tick box": (LOGOUT, {"everywhere": "on"}),
    }[what]

    response = here.post(url, data)

    assert asks(response)
    assert [str(message) for message in get_messages(response.wsgi_request)] == [WHY]
    for headers in (JSON, {"Sec-Fetch-Dest": "empty"}):
        answer = here.post(url, data, headers=headers)
        assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
        assert answer.json()["reauthenticate_url"] == LOGIN
        assert answer.json()["detail"] == WHY
    assert here.post(url, data, headers={"HX-Request": "true"})["HX-Redirect"] == LOGIN
    assert logged_in_as(here) == logged_in_as(phone) == "ann"
    assert not LogoutEvent.objects.exists()


def test_logging_in_again_leads_back_and_suffices(user: Any, engine: str) -> None:
    """The session stays the one it was; what was asked for is asked for again, by the user."""
    here, phone = browser(user), browser(user)
    age(HOUR)
    session_id = id_of(here)
    assert asks(here.post(OTHERS))

    response = log_in(here)

    assert response.redirect_chain == [(f"{SESSIONS}?again=1", 302)]
    assert notices(response) == []
    assert "Log in again" not in Page(response).text
    assert logged_in_as(phone) == "ann"
    assert id_of(here) == session_id
    assert here.post(OTHERS)["Location"] == SESSIONS
    assert (logged_in_as(here), logged_in_as(phone)) == ("ann", "")


@pytest.mark.parametrize(
    ("setting", "young", "old"),
    [(900, 800, 1000), (timedelta(hours=2), HOUR, 3 * HOUR), (60, 30, 90)],
)
def test_how_old_is_a_setting(
    user: Any, settings: Any, setting: Any, young: float, old: float
) -> None:
    """In seconds, or as a timedelta; a quarter of an hour by default."""
    settings.LOGOUT = {} if setting == 900 else {"REAUTHENTICATION_AGE": setting}
    here = browser(user)

    age(old)
    assert asks(here.post(OTHERS))
    age(young)
    assert not asks(here.post(OTHERS))


def test_no_limit_asks_for_no_login(user: Any, settings: Any) -> None:
    """Nor looks."""
    settings.LOGOUT = {"REAUTHENTICATION_AGE": None}
    here, phone = browser(user), browser(user)
    age(1000 * HOUR)

    here.post(OTHERS)

    assert logged_in_as(phone) == ""


def test_using_the_site_is_no_proof(user: Any) -> None:
    """Nor is seeing the list, nor a request that writes the session."""
    here = browser(user)
    age(HOUR)

    for url in ("/write/", "/private/", SESSIONS, f"{SESSIONS}?again=1", "/login/"):
        here.get(url)

    assert asks(here.post(OTHERS))


def token_login(request: HttpRequest) -> HttpResponse:
    """Writes the session, as a project's middleware may, and says that a program has logged in:
    some apps ask for no more than the session before they do."""
    request.session["last_page"] = request.path
    user_logged_in.send(sender=type(request.user), request=request, user=request.user)
    return HttpResponse()


def test_a_token_obtained_in_the_session_is_no_proof(user: Any, settings: Any) -> None:
    """An attacker at a computer that was left unlocked was asked for no password."""
    settings.ROOT_URLCONF = routes(token_login)
    here, phone = browser(user), browser(user)
    age(HOUR)

    here.get(OUT)

    assert asks(here.post(OTHERS))
    assert logged_in_as(phone) == "ann"


async def again(request: HttpRequest) -> HttpResponse:
    """Log in the user of the request."""
    await alogin(request, await request.auser(), "django.contrib.auth.backends.ModelBackend")
    return HttpResponse()


def test_an_asynchronous_login_counts(user: Any, settings: Any) -> None:
    """As any."""
    settings.ROOT_URLCONF = routes(again)
    here, phone = browser(user), browser(user)
    age(HOUR)

    here.get(OUT)
    here.post(OTHERS)

    assert (logged_in_as(here), logged_in_as(phone)) == ("ann", "")


def test_login_in_an_unguarded_session_counts(user: Any, rf: Any) -> None:
    """Where our middleware did not run, it is unknown how the user logged in."""
    here = browser(user)
    age(HOUR)
    request = rf.get("/")
    request.session = import_module(django_settings.SESSION_ENGINE).SessionStore(
        here.cookies["sessionid"].value
    )

    login(request, user, "django.contrib.auth.backends.ModelBackend")
    request.session.save()

    assert not asks(here.post(OTHERS))


def test_a_login_elsewhere_is_no_proof_here(user: Any) -> None:
    """An attacker at a computer that was left unlocked has not logged in."""
    here = browser(user)
    age(HOUR)
    browser(user)

    assert asks(here.post(OTHERS))


def test_a_failed_login_is_no_proof(user: Any) -> None:
    """As it says."""
    here = browser(user)
    age(HOUR)

    here.post(LOGIN, {"username": "ann", "password": "guess"})

    assert asks(here.post(OTHERS))


def test_login_of_another_user_ends_nothing_of_the_first(user: Any, other: Any) -> None:
    """They see their own list; the sessions that were about to end are untouched."""
    here, phone = browser(user), browser(user)
    age(HOUR)
    here.post(OTHERS)

    log_in(here, "bob")

    assert logged_in_as(here) == "bob"
    assert [entry["current"] for entry in listed(here)] == [True]
    assert here.post(end_url(id_of(phone))).status_code == 404
    assert logged_in_as(phone) == "ann"


def without_password(request: HttpRequest) -> HttpResponse:
    """Logs in by a link in a mail, or comes back from an identity provider."""
    backend = "django.contrib.auth.backends.ModelBackend"
    login(request, get_user_model().objects.get(username="ann"), backend=backend)
    return redirect(request.GET["next"])


def test_users_without_a_password_log_in_their_own_way(user: Any, settings: Any) -> None:
    """Any login counts that tells Django."""
    settings.ROOT_URLCONF = (path("magic/", without_password, name="magic"), *urlpatterns)
    settings.LOGIN_URL = "magic"
    here, phone = browser(user), browser(user)
    user.set_unusable_password()
    user.save()
    for client in (here, phone):
        client.force_login(user)
    age(HOUR)

    response = here.post(OTHERS, follow=True)  # a provider where one is logged in asks nothing
    assert response.redirect_chain[-1] == (f"{SESSIONS}?again=1", 302)
    here.post(OTHERS)

    assert (logged_in_as(here), logged_in_as(phone)) == ("ann", "")


def test_a_login_page_that_sends_users_back_is_no_dead_end(user: Any, settings: Any) -> None:
    """``redirect_authenticated_user``, as many projects and packages have it."""
    view = LoginView.as_view(template_name="login.html", redirect_authenticated_user=True)
    settings.ROOT_URLCONF = (path("login/", view, name="login"), *urlpatterns)
    here, phone = browser(user), browser(user)
    age(HOUR)

    response = here.post(OTHERS, follow=True)
    assert response.redirect_chain == [(LOGIN, 302), (f"{SESSIONS}?again=1", 302)]
    assert notices(response) == []
    page = Page(response)
    assert "You have not logged in again yet." in page.text
    forms = [form for form in page.all("form") if form.get("action") == LOGOUT]
    assert {form["method"] for form in forms} == {"post"}
    after = here.post(LOGOUT, {"next": page.field("next")}, follow=True)
    assert after.redirect_chain == [(LOGIN, 302)]
    assert (logged_in_as(here), logged_in_as(phone)) == ("", "ann")

    log_in(here)
    here.post(OTHERS)

    assert (logged_in_as(here), logged_in_as(phone)) == ("ann", "")


def test_a_question_waits_for_the_login(user: Any) -> None:
    """A user who is asked has logged in recently; what was selected is still there afterwards."""
    here, phone = browser(user), browser(user)
    question = f"{SELECTED}?session={id_of(phone)}"
    age(HOUR)

    response = here.get(question)
    assert response["Location"].startswith("/login/?next=/accounts/sessions/end/")
    shown = log_in(here, url=response["Location"])

    assert Page(shown).field("session") == id_of(phone)
    assert logged_in_as(phone) == "ann"
    assert here.post(SELECTED, {"session": id_of(phone)}).status_code == 302
    assert logged_in_as(phone) == ""


def test_a_question_is_no_endless_redirect(user: Any, settings: Any) -> None:
    """Where the login page sends a logged-in user straight back: the list says what to do."""
    view = LoginView.as_view(template_name="login.html", redirect_authenticated_user=True)
    settings.ROOT_URLCONF = (path("login/", view, name="login"), *urlpatterns)
    here, phone = browser(user), browser(user)
    age(HOUR)

    response = here.get(end_url(id_of(phone)), follow=True)

    assert response.redirect_chain[-1] == (f"{SESSIONS}?again=1", 302)
    assert "You have not logged in again yet." in Page(response).text


@pytest.mark.parametrize("command", [False, True], ids=["first sight", "command"])
def test_a_session_from_before_our_time_is_old(user: Any, command: bool) -> None:
    """Its age is unknown, whichever request registers it. Logging in again helps here, too."""
    here, phone = before_us(user), browser(user)
    if command:
        backfill.adopt_sessions()
    assert asks(here.post(OTHERS))
    here.get("/")
    assert asks(here.post(OTHERS))

    log_in(here)
    here.post(OTHERS)

    assert (logged_in_as(here), logged_in_as(phone)) == ("ann", "")


def test_a_session_from_before_our_time_that_logs_in_first_of_all(user: Any) -> None:
    """It is registered by that."""
    here, phone = before_us(user), browser(user)

    log_in(here)
    here.post(OTHERS)

    assert (logged_in_as(here), logged_in_as(phone)) == ("ann", "")


def test_a_user_without_a_session_of_their_own_is_asked(
    user: Any, other: Any, settings: Any
) -> None:
    """Logged in by a header, a token or a certificate: there is no login to be young."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.clients.logged_in_by_header"]
    phone, stranger = browser(user), browser(other)

    assert asks(Client(headers={"X-User": "ann"}).post(OTHERS))
    assert asks(stranger.post(OTHERS, headers={"X-User": "ann"}))  # his login is not hers
    assert logged_in_as(phone) == "ann"


def test_a_login_that_an_ending_overtakes_revives_nothing(user: Any) -> None:
    """The row stays ended, and says when its login was."""
    here = browser(user)
    age(HOUR)
    row = LoginSession.objects.get(pk=id_of(here))
    LoginSession.objects.update(ended_at=timezone.now())  # as if at this very moment, on db

    log_in(here)

    again = LoginSession.objects.get(pk=row.pk)
    assert again.authenticated_at == row.authenticated_at
    assert again.ended_at is not None


def test_without_our_urls_the_question_is_where_one_comes_back_to(user: Any, settings: Any) -> None:
    """A project that has only the view."""
    settings.ROOT_URLCONF = (path("out/", LogoutView.as_view(), name="out"), *urlpatterns[:-1])
    here = browser(user)
    age(HOUR)

    response = here.post("/out/", {"everywhere": "on"})

    assert response["Location"] == "/login/?next=/out/%3Fagain%3D1"
    assert logged_in_as(here) == "ann"


@pytest.mark.parametrize("url", [OTHERS, EVERYWHERE])
def test_a_project_without_redirects_gets_a_page(user: Any, settings: Any, url: str) -> None:
    """403, with the way to the login page."""
    settings.LOGOUT = {"RESPONDERS": ["django_logout.responses.html.HtmlResponder"]}
    here = browser(user)
    age(HOUR)

    response = here.post(url)

    assert response.status_code == 403
    if url == OTHERS:
        assert WHY in Page(response).text
        assert LOGIN in [link["href"] for link in Page(response).all("a")]
    assert here.post(end_url(uuid4())).status_code == 404
