"""The URLs of the app, beside those of the test project."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model, login
from django.contrib.messages import get_messages
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import include, path

from django_logout.contrib import api
from django_logout.decorators import exempt
from django_logout.federation import links
from django_logout.web.views.logout import AsyncLogoutView
from tests.clients import BACKEND
from tests.urls import urlpatterns as ours


def link(request: Any) -> HttpResponse:
    """Record a login through the provider, by what the query says of it."""
    facts = request.GET.dict()
    issued_at = facts.pop("iat", "")
    moment = datetime.fromtimestamp(float(issued_at), UTC) if issued_at else None
    links.record(request, "op", issued_at=moment, **facts)
    return HttpResponse("linked")


def told(request: Any) -> HttpResponse:
    """Return the messages for the user."""
    return HttpResponse("\n".join(str(message) for message in get_messages(request)))


@exempt
def log_out(request: Any) -> HttpResponse:
    """Log out as the endpoints for programs do."""
    return api.log_out(request, by_session=True)


@exempt
def end_all(request: Any) -> HttpResponse:
    """End all sessions as the endpoints for programs do."""
    return api.end_all(request, by_session=True)


def cart(request: Any) -> HttpResponse:
    """Read the session, and not whose it is."""
    return HttpResponse(f"cart={request.session.get('cart')}")


def vendor(request: Any) -> HttpResponse:
    """Return what kind of database there is."""
    return HttpResponse(connection.vendor)


@transaction.atomic
def fail(request: Any) -> HttpResponse:
    """Look at the user, and fail in a transaction that is undone."""
    raise LookupError(request.user.get_username())


def log_in_again(request: Any) -> HttpResponse:
    """Log the same user in, as the callback of a library does."""
    login(request, get_user_model().objects.get(username="ann"), BACKEND)
    return HttpResponse("again")


async def whose(request: Any) -> HttpResponse:
    """Return the name of the user, asynchronously."""
    return HttpResponse(f"user={(await request.auser()).get_username()}")


urlpatterns = [
    path("cart/", cart),
    path("vendor/", vendor),
    path("fail/", fail),
    path("again/", log_in_again),
    path("whose/", whose),
    path("api/logout/", log_out),
    path("api/end-all/", end_all),
    path("messages/", told),
    path("async-logout/", exempt(AsyncLogoutView.as_view())),
    path("", include("django_logout.federation.urls")),
    path("link/", link),
    *ours,
]
