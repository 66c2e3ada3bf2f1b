"""``Set-Login``: what browsers are told about the login status of an identity provider."""

from typing import Any

import pytest
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout import Target, end_sessions, logout
from tests.clients import LOGOUT
from tests.outages import make_cache_unwritable
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

IN, LEFT = "logged-in", "logged-out"
WAYS = {
    "form": (LOGOUT, {}),
    "JSON": (LOGOUT, {"Accept": "application/json"}),
    "everywhere": ("/accounts/sessions/end-all/", {}),
    "Django's function": ("/plain-logout/", {}),
}


@pytest.fixture
def told(settings: Any) -> None:
    """Browsers are told."""
    settings.LOGOUT = {"LOGIN_STATUS": True}


def status(response: Any) -> str | None:
    """Return what the browser is told."""
    found: str | None = response.headers.get("Set-Login")
    return found


def log_in(client: Client) -> Any:
    """Log in by the form."""
    return client.post("/login/", {"username": "ann", "password": "pw"})


def test_nothing_is_told_by_default(client: Client, user: Any) -> None:
    """Most sites are no identity providers."""
    assert [status(log_in(client)), status(client.post(LOGOUT))] == [None, None]


def test_login_is_told_once(told: None, client: Client, user: Any) -> None:
    """The pages after it have nothing to say."""
    assert status(client.get("/")) is None
    assert status(log_in(client)) == IN
    assert status(client.get("/private/")) is None
    assert status(client.get("/write/")) is None


@pytest.mark.parametrize("way", WAYS)
def test_logout_is_told(told: None, ann: Client, way: str) -> None:
    """However the browser logs out."""
    path, headers = WAYS[way]

    assert status(ann.post(path, headers=headers)) == LEFT


async def test_status_is_told_under_asgi(told: None, user: Any) -> None:
    """The same under ASGI."""
    client = AsyncClient()

    begun = await client.post("/login/", {"username": "ann", "password": "pw"})

    assert [status(begun), status(await client.post(LOGOUT))] == [IN, LEFT]


def test_asking_tells_nothing(told: None, ann: Client) -> None:
    """The user is still logged in."""
    assert status(ann.get(LOGOUT)) is None


@pytest.mark.parametrize("reason", ["ended", "expired"])
def test_session_that_is_gone_is_told(
    told: None, ann: Client, user: Any, settings: Any, reason: str
) -> None:
    """The browser learns of it with its next request, once."""
    if reason == "ended":
        end_sessions(Target.user(user))
    else:
        settings.LOGOUT = {"LOGIN_STATUS": True, "ABSOLUTE_TIMEOUT": 0.000001}

    assert [status(ann.get("/private/")), status(ann.get("/private/"))] == [LEFT, None]


def test_flushed_session_is_told(told: None, ann: Client, settings: Any) -> None:
    """A view may empty the session without logging out."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session.flush()
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    assert status(ann.post(OUT)) == LEFT


def test_logout_that_keeps_data_is_told(told: None, ann: Client, settings: Any) -> None:
    """The cookie is not deleted: it becomes that of an anonymous session."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session["cart"] = 1
        logout(request, keep=["cart"])
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    response = ann.post(OUT)

    assert (bool(response.cookies["sessionid"].value), status(response)) == (True, LEFT)


def test_login_after_a_logout_counts(told: None, ann: Client, other: Any, settings: Any) -> None:
    """The browser is told how the request ended."""

    def view(request: HttpRequest) -> HttpResponse:
        logout(request)
        login(request, other)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    assert status(ann.post(OUT)) == IN


def test_ending_others_tells_nothing(told: None, ann: Client, user: Any) -> None:
    """This browser stays logged in."""
    Client().force_login(user)

    assert status(ann.post("/accounts/sessions/end-others/")) is None


def test_session_that_could_not_be_ended_is_not_told(
    told: None, ann: Client, monkeypatch: Any
) -> None:
    """The user may still be logged in."""
    make_cache_unwritable(monkeypatch)

    response = ann.post(LOGOUT)

    assert (response.status_code, status(response)) == (503, None)


def test_error_after_a_logout_tells_nothing(told: None, ann: Client, settings: Any) -> None:
    """What the response says is not certain."""

    def view(request: HttpRequest) -> HttpResponse:
        logout(request)
        return HttpResponse(status=500)

    settings.ROOT_URLCONF = routes(view)

    assert status(ann.post(OUT)) is None


def test_ending_during_the_request_tells_nothing(
    told: None, ann: Client, user: Any, settings: Any
) -> None:
    """Another tab may have logged in meanwhile, as its cookie is left alone too."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session["a"] = 1
        end_sessions(Target.user(user))
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    response = ann.post(OUT)

    assert "sessionid" not in response.cookies
    assert status(response) is None


def test_header_of_the_project_is_kept(told: None, ann: Client, settings: Any) -> None:
    """A browser that is logged in to several accounts is not logged out with one of them."""

    def view(request: HttpRequest) -> HttpResponse:
        logout(request)
        return HttpResponse(headers={"Set-Login": IN})

    settings.ROOT_URLCONF = routes(view)

    assert status(ann.post(OUT)) == IN
