"""Assert which user a test client is logged in as."""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.test import Client, RequestFactory

from django_logout.middleware import LogoutMiddleware


def assert_logged_out(client: Client) -> None:
    """Assert that the cookies of this client authenticate no user.

    Runs the middlewares of sessions, authentication and this package, and none of your views.
    """
    user = request_of(client).user
    if user.is_authenticated:
        raise AssertionError(f"This client is still logged in as {user}.")


def copy_client(client: Client) -> Client:
    """Return a client with a copy of this client's present cookies, as an attacker may steal them.

    Call it before the client logs out, and pass the copy to :func:`assert_logged_out` afterwards.
    """
    thief = type(client)()
    for name, morsel in client.cookies.items():
        thief.cookies[name] = morsel.value
    return thief


def request_of(client: Client) -> Any:
    """Return a request with this client's cookies, as a view gets it from the middlewares."""
    request = RequestFactory().get("/")
    request.COOKIES.update({name: morsel.value for name, morsel in client.cookies.items()})
    request.META["HTTP_COOKIE"] = client.cookies.output(header="", sep=";", attrs=[])

    def view(request: Any) -> HttpResponse:
        # Load the user while the middlewares handle the request.
        return HttpResponse(request.user.is_authenticated)

    SessionMiddleware(AuthenticationMiddleware(LogoutMiddleware(view)))(request)
    return request
