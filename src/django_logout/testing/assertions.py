"""Who a test client is taken for."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.test import Client, RequestFactory

from django_logout.middleware import LogoutMiddleware


def assert_logged_out(client: Client) -> None:
    """Assert that the cookies of this client let nobody in.

    Asks the session engine and this package, by the middlewares, and none of your views.
    """
    user = request_of(client).user
    if user.is_authenticated:
        raise AssertionError(f"The site still takes this client for {user}.")


def copy_client(client: Client) -> Client:
    """A browser with a copy of this one's cookies, as they are now. Make it before the client logs
    out, and :func:`assert_logged_out` of it afterwards."""
    thief = type(client)()
    for name, morsel in client.cookies.items():
        thief.cookies[name] = morsel.value
    return thief


def request_of(client: Client) -> Any:
    """A request with this client's cookies, as the middlewares make it for a view."""
    request = RequestFactory().get("/")
    request.COOKIES.update({name: morsel.value for name, morsel in client.cookies.items()})
    request.META["HTTP_COOKIE"] = client.cookies.output(header="", sep=";", attrs=[])
    seen = []

    def view(request: Any) -> HttpResponse:
        seen.append(request.user.is_authenticated)
        return HttpResponse()

    SessionMiddleware(AuthenticationMiddleware(LogoutMiddleware(view)))(request)
    return request
