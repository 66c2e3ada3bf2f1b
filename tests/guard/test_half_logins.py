"""Half a login, such as a proved password before the second factor, does not outlive an ending."""

from collections.abc import Callable
from contextvars import Context
from time import time
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model, login
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from django_logout import Target, end_sessions
from django_logout.guard import half_logins
from tests.clients import BACKEND, JSON, Page, logged_in, logged_in_as
from tests.urlconf import OUT, routes
from tests.urls import urlpatterns as site

pytestmark = pytest.mark.django_db(transaction=True)


def first(request: HttpRequest) -> HttpResponse:
    """Prove the password, as home-made views do."""
    user: Any = authenticate(request, username="ann", password="pw")
    request.session["pre_2fa_user_id"] = user.pk
    return HttpResponse()


def second(request: HttpRequest) -> HttpResponse:
    """Prove the second factor."""
    user = get_user_model().objects.get(pk=request.session.pop("pre_2fa_user_id"))
    login(request, user, "django.contrib.auth.backends.ModelBackend")
    return HttpResponse()


def touch(request: HttpRequest) -> HttpResponse:
    """Save the session for another reason."""
    request.session["otp_seen"] = request.session.get("otp_seen", 0) + 1
    request.session["basket"] = {"items": {"1": 2}}
    return HttpResponse()


def end_elsewhere(user: Any) -> None:
    """End all sessions of a user, in code that serves no request."""
    Context().run(end_sessions, Target.user(user))


@pytest.fixture(autouse=True)
def two_factors(settings: Any) -> None:
    """A site whose login has two steps."""
    settings.ROOT_URLCONF = (
        path("first/", first),
        path("second/", second),
        path("touch/", touch),
        *site,
    )


def half(*, touched: bool = False) -> Client:
    """Return a browser that has proved the password."""
    client = Client()
    client.get("/touch/")
    client.get("/first/")
    if touched:
        client.get("/touch/")
    return client


def test_both_steps_log_in(engine: str, user: Any) -> None:
    """Nothing has ended, and nothing of the proof is left in the session."""
    end_sessions(Target.user(user))
    client = half(touched=True)
    client.get("/second/")
    assert logged_in_as(client) == "ann"
    assert half_logins.SEEN_KEY not in client.session


@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize("of_everyone", [False, True])
def test_first_step_does_not_outlive_an_ending(
    engine: str, user: Any, touched: bool, of_everyone: bool
) -> None:
    """However often the session is saved in between, before the ending and after it."""
    client = half(touched=touched)
    end_sessions(Target.everyone() if of_everyone else Target.user(user))
    if touched:
        client.get("/touch/")
    response = client.post("/second/")
    assert (response.status_code, response["Location"]) == (302, "/login/")
    assert logged_in_as(client) == ""
    assert client.session["basket"]

    client.get("/first/")  # The user starts again.
    client.get("/second/")
    assert logged_in_as(client) == "ann"


def test_an_api_is_told_so(user: Any) -> None:
    """By status, and by reason."""
    client = half()
    end_sessions(Target.user(user))
    response = client.post("/second/", headers=JSON)
    assert (response.status_code, response.json()["reason"]) == (401, "login_lapsed")


def test_a_site_without_messages_says_so_on_a_page(user: Any, settings: Any) -> None:
    """The login page could not."""
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    client = half()
    end_sessions(Target.user(user))
    response = client.post("/second/")
    assert response.status_code == 401
    assert "could not be completed" in Page(response).text


def test_another_user_is_not_affected(user: Any, other: Any) -> None:
    """Their sessions have ended, not these."""
    client = half()
    end_sessions(Target.user(other))
    client.get("/second/")
    assert logged_in_as(client) == "ann"


def test_one_session_ended_is_no_reason(user: Any) -> None:
    """The user may log out elsewhere in between."""
    client, elsewhere = half(), logged_in(user)
    elsewhere.post("/accounts/logout/")
    client.get("/second/")
    assert logged_in_as(client) == "ann"


@pytest.mark.parametrize(
    ("stored", "at"),
    [
        ({}, None),
        ({"basket": "5", "viewed_users": True}, None),
        ({"login_attempts": 5}, None),
        ({"pre_2fa_user_id": 5}, 0),
        ({"2fa": 5}, 0),
        ({"mfa": {"pending": 5}}, 0),
        ({"mfa": {"sent": 5}}, None),
        ({"auth_pending": [5, "sms"]}, 0),
        ({"tfa_user": "5"}, 0),
        ({"challenge": {"user_id": 5}}, 0),
        ({"sso_state": {"user_id": 5, "state": "x"}}, 0),
        ({"account_id": 5}, 0),
        ({"_login_user": 5}, 0),
        ({"_auth_user_id": "5"}, None),
        ({"verify_email": "Ann@X.org"}, 0),
        ({"mfa_name": "ann"}, 0),
        ({"login_stage": {"user_pk": "5", "initiated_at": 7.5}}, 7.5),
        ({"wizard_login_view": {"user_pk": "5", "authentication_time": 7}}, 7),
        (
            {
                "auth": {"pk": "5", "authentication_time": 7},
                half_logins.SEEN_KEY: {"auth": [7, 7.5]},
            },
            7.5,
        ),
        (
            {
                "auth": {"pk": "5", "authentication_time": 7},
                half_logins.SEEN_KEY: {"auth": [6, 6.5]},
            },
            7,
        ),
        ({"auth": {"pk": "5", "authentication_time": 7}, half_logins.SEEN_KEY: {"auth": 7.5}}, 7),
        ({"auth": {"pk": "5", "initiated_at": 7.2}, half_logins.SEEN_KEY: {"auth": 7.5}}, 7.2),
        ({"otp": [{"uid": 5}], half_logins.SEEN_KEY: {"otp": 9.5}}, 9.5),
        ({"otp": [{"uid": 5}], half_logins.SEEN_KEY: "spoiled"}, 0),
        ({"otp_uid": 5, "auth_stage": {"user": "5", "initiated_at": 3}}, 0),
    ],
)
def test_what_counts_as_a_proof_and_when_it_was_made(stored: Any, at: Any) -> None:
    """Of the user with the key 5, whose name is ann."""
    user = get_user_model()(pk=5, username="ann", email="ann@x.org")
    assert half_logins.proved_at(half_logins.select_half_logins(stored), user) == at


def test_times_are_kept_for_what_stays() -> None:
    """And dropped with what goes."""
    data: dict[str, Any] = {"otp": 1, half_logins.SEEN_KEY: {"otp": 3, "login": 2}, "user": 1}
    half_logins.note_half_logins(data, 5)
    assert data[half_logins.SEEN_KEY] == {"otp": 3, "user": 5}
    del data["otp"], data["user"]
    half_logins.note_half_logins(data, 5)
    assert data == {}


@pytest.mark.parametrize(
    ("noted", "opened", "at"),
    [
        (None, 7.25, [7, 7.25]),
        (None, 6.75, [7, 7]),  # The request has begun in the second before.
        (5.5, 7.25, [7, 7.25]),  # The login page was opened before.
        (7.125, 7.25, [7, 7.25]),
        ([6, 6.5], 7.25, [7, 7.25]),  # The password is proved again.
        (None, 8.25, [7, 7]),  # The proof comes from another session.
        ([7, 7.25], 7.75, [7, 7.25]),  # The session is saved again, in the same second.
        ([7, 7], 7.75, [7, 7]),
    ],
)
def test_part_of_second_is_noted_of_time_in_whole_seconds(
    noted: Any, opened: float, at: list[float]
) -> None:
    """It is never later than the proof, and saving the session again does not renew it."""
    data: dict[str, Any] = {"login": {"user_pk": "5", "authentication_time": 7}}
    if noted is not None:
        data[half_logins.SEEN_KEY] = {"login": noted}
    half_logins.note_half_logins(data, opened)
    assert data[half_logins.SEEN_KEY] == {"login": at}


def keep_proof(request: HttpRequest) -> HttpResponse:
    """Prove the password, and note when as django-two-factor-auth does."""
    user: Any = authenticate(request, username="ann", password="pw")
    proof = {"user_pk": str(user.pk), "authentication_time": int(time())}
    request.session["wizard_login_view"] = proof
    return HttpResponse()


def complete_proof(request: HttpRequest) -> HttpResponse:
    """Prove the second factor."""
    proof = request.session.pop("wizard_login_view")
    login(request, get_user_model().objects.get(pk=proof["user_pk"]), BACKEND)
    return HttpResponse()


def within_one_second(steps: Callable[[], Any]) -> Any:
    """Return what the steps return, once they have taken place within one second of the clock."""
    while True:
        begun = int(time())
        found = steps()
        if int(time()) == begun:
            return found


@pytest.mark.parametrize("page_seen", [False, True])
def test_login_in_second_of_ending(engine: str, user: Any, settings: Any, page_seen: bool) -> None:
    """The app notes the time in whole seconds, and the proof is newer than the ending."""
    settings.ROOT_URLCONF = (path("first/", keep_proof), path("second/", complete_proof), *site)

    def end_and_prove() -> Client:
        client = Client()
        if page_seen:
            session = client.session
            session["wizard_login_view"] = {"step": "auth"}
            session.save()
        end_sessions(Target.user(user))
        client.get("/first/")
        return client

    client = within_one_second(end_and_prove)
    client.get("/second/")
    assert logged_in_as(client) == "ann"


def test_proof_does_not_outlive_ending_in_its_second(engine: str, user: Any, settings: Any) -> None:
    """Even if the session is saved again, in the same second."""
    settings.ROOT_URLCONF = (
        path("first/", keep_proof),
        path("second/", complete_proof),
        path("touch/", touch),
        *site,
    )

    def prove_and_end() -> Client:
        client = Client()
        client.get("/first/")
        end_sessions(Target.user(user))
        client.get("/touch/")
        return client

    client = within_one_second(prove_and_end)
    client.get("/second/")
    assert logged_in_as(client) == ""


def test_proof_does_not_outlive_ending_while_it_is_saved(
    engine: str, user: Any, settings: Any
) -> None:
    """All sessions of the user end while the request that has proved the password is in flight."""

    def prove_slowly(request: HttpRequest) -> HttpResponse:
        first(request)
        end_elsewhere(user)
        return HttpResponse()

    settings.ROOT_URLCONF = (path("first/", prove_slowly), path("second/", second), *site)
    client = Client()
    client.get("/first/")
    client.get("/second/")
    assert logged_in_as(client) == ""


def test_a_request_that_resets_the_password_may_log_in(user: Any, settings: Any) -> None:
    """Its own change of the password has ended all sessions, after the first part was proved."""

    def begin(request: HttpRequest) -> HttpResponse:
        request.session["otp_user"] = str(user.pk)
        return HttpResponse()

    def reset(request: HttpRequest) -> HttpResponse:
        user.set_password("another")
        user.save()
        login(request, user, BACKEND)
        return HttpResponse()

    browser = Client()
    settings.ROOT_URLCONF = routes(begin)
    browser.get(OUT)
    settings.ROOT_URLCONF = routes(reset)
    browser.get(OUT)
    assert logged_in_as(browser) == "ann"
