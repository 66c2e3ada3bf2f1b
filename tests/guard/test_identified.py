"""A user who is identified by more than the session is not told to be logged out."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model, login
from django.contrib.auth.backends import RemoteUserBackend
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.http import HttpRequest, JsonResponse
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path
from django.utils.functional import SimpleLazyObject

from django_logout import logout
from django_logout.models import LoginSession
from django_logout.views import AsyncLogoutView
from tests.clients import EVERYWHERE, JSON, LOGOUT, Page, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

HERE = __name__
REMOTE = "django.contrib.auth.middleware.RemoteUserMiddleware"
PERSISTENT = "django.contrib.auth.middleware.PersistentRemoteUserMiddleware"
GATEWAY = {"REMOTE_USER": "ann"}
BEARER = {"authorization": "Bearer ann"}


class OwnHeader(RemoteUserMiddleware):
    """Believe a gateway that has a header of its own."""

    header = "HTTP_X_USER"


def bearer(get_response: Any) -> Any:
    """Identify the user by a header, without a session."""

    def middleware(request: HttpRequest) -> Any:
        name = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if name:
            request.user = get_user_model().objects.get(username=name)
        return get_response(request)

    return middleware


def anew(get_response: Any) -> Any:
    """Load the user of the session once more."""

    def middleware(request: HttpRequest) -> Any:
        if request.user.is_authenticated:
            request.user = get_user_model().objects.get(pk=request.user.pk)
        return get_response(request)

    return middleware


def wrapped(get_response: Any) -> Any:
    """Wrap the user of the session, as django-otp does it."""

    def middleware(request: HttpRequest) -> Any:
        before = request.user
        request.user = SimpleLazyObject(lambda: before)
        return get_response(request)

    return middleware


def within(settings: Any, *paths: str) -> None:
    """Add middleware to the project."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, *paths]
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS,
        f"{RemoteUserBackend.__module__}.RemoteUserBackend",
    ]


def says(response: Any) -> tuple[bool, bool, list[str]]:
    """Return what a response in JSON says."""
    body = response.json()
    return body["logged_out"], body["complete"], body["failed"]


STILL = (False, False, ["credential"])
OUT_INDEED = (True, True, [])


@pytest.mark.parametrize("url", [LOGOUT, EVERYWHERE])
@pytest.mark.parametrize(
    ("path", "sent"), [(REMOTE, GATEWAY), (f"{HERE}.OwnHeader", {"HTTP_X_USER": "ann"})]
)
def test_gateway_that_names_the_user(
    user: Any, settings: Any, url: str, path: str, sent: dict[str, str]
) -> None:
    """The session ends, and the next request begins another. In JSON and on the page."""
    within(settings, path)
    client = Client()
    client.get("/", **sent)
    assert says(client.post(url, headers=JSON, **sent)) == STILL
    assert LoginSession.objects.get().ended_at is not None
    client.get("/", **sent)
    page = client.post(url, **sent)
    assert page.status_code == 200
    assert "You are still logged in" in page.text
    assert Page(page).all("a")[0]["href"] == url


def test_gateway_that_names_the_user_at_login_only(user: Any, settings: Any) -> None:
    """Without the header, the logout is true."""
    within(settings, PERSISTENT)
    client = Client()
    client.get("/", **GATEWAY)
    assert says(client.post(LOGOUT, headers=JSON)) == OUT_INDEED


def test_project_that_leads_its_users_on(user: Any, settings: Any) -> None:
    """To the page where the other login ends. A message says why."""
    within(settings, REMOTE)
    settings.LOGOUT_REDIRECT_URL = "/login/"
    client = Client()
    client.get("/", **GATEWAY)
    led = client.post(LOGOUT, **GATEWAY)
    assert (led.status_code, led["Location"]) == (302, "/login/")
    assert "still tells this site who you are" in client.get("/login/", **GATEWAY).text


def test_gateway_under_asgi(user: Any, settings: Any) -> None:
    """There the header of the web server is one of HTTP."""
    within(settings, REMOTE)
    client = Client()
    client.force_login(user)
    assert says(client.post(LOGOUT, headers=JSON, HTTP_REMOTE_USER="ann")) == STILL


async def test_asynchronous_view(user: Any, settings: Any) -> None:
    """The same answer."""
    within(settings, REMOTE)
    settings.ROOT_URLCONF = routes(AsyncLogoutView.as_view())
    client = AsyncClient()
    await client.aforce_login(user)
    headers = {**JSON, "remote-user": "ann"}
    assert says(await client.post(OUT, headers=headers)) == STILL
    await client.aforce_login(user)
    assert says(await client.post(OUT, headers=JSON)) == OUT_INDEED


@pytest.mark.parametrize("session_of", ["", "ann", "bob"])
def test_middleware_that_identifies_by_a_header(
    user: Any, other: Any, settings: Any, session_of: str
) -> None:
    """Without a session, beside one of the same user, or of another. Without the header it is out."""
    within(settings, f"{HERE}.bearer")
    client = Client()
    if session_of:
        client.force_login({"ann": user, "bob": other}[session_of])
    assert says(client.post(LOGOUT, headers={**JSON, **BEARER})) == STILL
    assert not LoginSession.objects.filter(ended_at=None).exists()
    assert says(client.post(LOGOUT, headers=JSON)) == OUT_INDEED


@pytest.mark.parametrize("path", [f"{HERE}.anew", f"{HERE}.wrapped"])
@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic stage"}], ids=["", "staging"])
def test_middleware_that_replaces_the_user_of_the_session(
    user: Any, ann: Client, settings: Any, path: str, headers: dict[str, str]
) -> None:
    """It goes by the session, so the logout is true. Only a header that could identify the user
    again casts a doubt on another object of the same user."""
    within(settings, path)
    doubtful = bool(headers) and path.endswith("anew")
    said = says(ann.post(LOGOUT, headers={**JSON, **headers}))
    assert said == (STILL if doubtful else OUT_INDEED)
    assert logged_in_as(ann) == ""


def test_login_in_the_same_request(user: Any, settings: Any) -> None:
    """The session has let the user in, although Django has not loaded the user by it."""

    def view(request: HttpRequest) -> JsonResponse:
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return JsonResponse({"still": logout(request).still_logged_in})

    settings.ROOT_URLCONF = (path("once/", view), *routes(view))
    assert Client().post("/once/").json() == {"still": False}


def test_user_whom_a_test_of_a_project_sets_is_that_of_the_session(
    engine: str, user: Any, ann: Client
) -> None:
    """The session has not been loaded before."""
    request = RequestFactory().get("/")
    request.user, request.session = user, ann.session.__class__(ann.cookies["sessionid"].value)
    result = logout(request)
    assert (result.ended, result.complete) == ({"session": 1}, True)
