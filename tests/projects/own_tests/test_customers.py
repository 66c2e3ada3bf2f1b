"""Customers in a model of their own, beside ``AUTH_USER_MODEL``, with the same primary keys."""

from typing import Any

import pytest
from django.conf import settings as site_settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    authenticate,
    login,
    logout,
)
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from django_logout import Target, end_sessions
from django_logout import logout as true_logout
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import (
    EVERYWHERE,
    JSON,
    LOGOUT,
    SESSIONS,
    copy_of,
    install_now,
    unguarded_store,
)
from tests.projects.own_tests.models import Customer
from tests.projects.own_tests.urls import urlpatterns as shop

pytestmark = pytest.mark.django_db(transaction=True)

BACKEND = "tests.projects.own_tests.models.CustomerBackend"


def enter(request: HttpRequest) -> HttpResponse:
    """Log a customer in."""
    login(request, authenticate(request, email="ann@example.org"))  # type: ignore[arg-type]
    return HttpResponse()


def leave(request: HttpRequest) -> HttpResponse:
    """Log out by Django's function, or by the package's, everywhere."""
    if "everywhere" in request.GET:
        true_logout(request, everywhere=True)
    else:
        logout(request)
    return HttpResponse()


def rotate(request: HttpRequest) -> HttpResponse:
    """Give the session another key."""
    request.session.cycle_key()
    return HttpResponse()


@pytest.fixture(autouse=True)
def customer(settings: Any, user: Any) -> Customer:
    """A customer, and a user with the same primary key."""
    settings.AUTHENTICATION_BACKENDS = [*site_settings.AUTHENTICATION_BACKENDS, BACKEND]
    settings.ROOT_URLCONF = (
        path("enter/", enter),
        path("go/", leave),
        path("rotate/", rotate),
        *shop,
    )
    return Customer.objects.create(pk=user.pk, email="ann@example.org")


def entered() -> Client:
    """Return a browser in which the customer has logged in."""
    client = Client()
    assert client.get("/enter/").status_code == 200
    return client


def who(client: Client) -> str:
    """Return whom the site serves."""
    return str(client.get("/").content.decode().removeprefix("Hello "))


@pytest.mark.parametrize("url", [LOGOUT, "/go/", "/go/?everywhere", "/rotate/"])
def test_login_and_logout(engine: str, user: Any, url: str) -> None:
    """A copied cookie is refused afterwards, and no session of the user has ended."""
    worker = Client()
    worker.force_login(user)
    client, beside = entered(), entered()
    thief = copy_of(client)
    assert who(client) == who(thief) == "ann@example.org"

    assert client.post(url).status_code == 200

    if url == "/rotate/":
        assert who(client) == "ann@example.org"
        assert client.post(LOGOUT).status_code == 200
    assert who(client) == who(thief) == "guest"
    assert who(beside) == ("guest" if "everywhere" in url else "ann@example.org")
    assert who(worker) == "ann"
    event = LogoutEvent.objects.latest("created_at")
    assert (event.user, event.actor, event.user_label) == (None, None, "ann@example.org")


def test_endings_of_the_user_with_the_same_key_leave_the_customer(user: Any) -> None:
    """And those of everyone do not."""
    worker, client = Client(), entered()
    worker.force_login(user)
    user.set_password("another")
    user.save()
    end_sessions(Target.user(user))
    assert (who(worker), who(client)) == ("guest", "ann@example.org")
    end_sessions(Target.everyone())
    assert who(client) == "guest"


def test_pages_about_all_sessions_show_none_of_the_user(user: Any) -> None:
    """Whose keys are the same."""
    worker, client = Client(), entered()
    worker.force_login(user)
    assert client.get(SESSIONS, headers=JSON).status_code == 401
    assert client.post("/accounts/sessions/end-others/", headers=JSON).status_code == 401
    assert client.post(EVERYWHERE, headers=JSON).status_code == 401
    row = LoginSession.objects.get(user=user)
    assert client.post(f"{SESSIONS}{row.pk}/end/", headers=JSON).status_code == 401
    assert client.get("/accounts/session/", headers=JSON).json() == {"authenticated": False}
    assert who(worker) == "ann"


def test_others_of_a_customer_is_a_mistake(customer: Customer) -> None:
    """It would be the user's."""
    request = RequestFactory().post("/")
    request.user = customer  # type: ignore[assignment]
    with pytest.raises(TypeError, match="AUTH_USER_MODEL"):
        end_sessions(Target.others(request))


def test_user_and_customer_in_one_browser(engine: str, user: Any) -> None:
    """One after the other."""
    client = entered()
    client.force_login(user)
    assert who(client) == "ann"
    assert client.get("/enter/").status_code == 200
    assert who(client) == "ann@example.org"
    client.post(LOGOUT)
    assert who(client) == "guest"


def test_session_from_before_the_installation(engine: str, customer: Customer) -> None:
    """It is adopted as the customer's."""
    store = unguarded_store()
    data = {SESSION_KEY: str(customer.pk), BACKEND_SESSION_KEY: BACKEND}
    store.update({**data, HASH_SESSION_KEY: customer.get_session_auth_hash()})
    store.save()
    install_now()
    client = Client()
    client.cookies["sessionid"] = store.session_key
    assert who(client) == "ann@example.org"
    thief = copy_of(client)
    assert LoginSession.objects.get().account == f"own_tests.customer:{customer.pk}"
    client.post(LOGOUT)
    assert who(client) == who(thief) == "guest"
