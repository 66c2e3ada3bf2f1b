"""A site may keep sessions beside each other, in cookies of other names; each is left alone."""

from typing import Any

import pytest
from django.conf import settings as site_settings
from django.contrib.auth import get_user_model, login
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from tests.clients import logged_in, logged_in_as
from tests.ending.failing_database import failing
from tests.urls import urlpatterns as site
from tests.views import home

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = "staff"


class TwoSessions(SessionMiddleware):
    """Keep the sessions of the back office in a cookie of its own."""

    def process_request(self, request: HttpRequest) -> None:
        """Open the session of this part of the site."""
        request.session = self.SessionStore(request.COOKIES.get(_name(request)))

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """Save it, or delete the cookie."""
        name, session = _name(request), request.session
        if name in request.COOKIES and session.is_empty():
            response.delete_cookie(name)
        elif session.modified and not session.is_empty():
            session.save()
            response.set_cookie(name, session.session_key)
        return response


def _name(request: HttpRequest) -> str:
    office = request.path.startswith("/office/")
    return STAFF if office else site_settings.SESSION_COOKIE_NAME


def enter(request: HttpRequest, name: str) -> HttpResponse:
    """Log in."""
    login(request, get_user_model().objects.get(username=name))
    return HttpResponse()


def basket(request: HttpRequest) -> HttpResponse:
    """Put something into the basket of a guest, or show it."""
    return HttpResponse(request.session.setdefault("basket", "lamp"))


@pytest.fixture(autouse=True)
def shop_and_office(settings: Any) -> None:
    """A shop, and its back office."""
    settings.MIDDLEWARE = [
        "tests.guard.test_presented_cookies.TwoSessions",
        *settings.MIDDLEWARE[2:],
    ]
    settings.ROOT_URLCONF = (
        path("office/in/<str:name>/", enter),
        path("office/", home),
        path("office/accounts/", include("django_logout.urls")),
        path("basket/", basket),
        *site,
    )


def in_both(shopper: Any, clerk: Any) -> Client:
    """Return a browser that is logged in to the shop and to the office."""
    client = logged_in(shopper)
    client.get(f"/office/in/{clerk.get_username()}/")
    return client


def name_in_office(client: Client) -> str:
    """Return the name of the user whom the office serves."""
    return client.get("/office/").content.decode().removeprefix("user=")


def test_logging_out_of_one_leaves_the_other(engine: str, user: Any, other: Any) -> None:
    """In both directions."""
    client = in_both(user, other)

    response = client.post("/office/accounts/logout/")

    assert "sessionid" not in response.cookies
    assert (name_in_office(client), logged_in_as(client)) == ("", "ann")

    client = in_both(user, other)
    response = client.post("/accounts/logout/")
    assert STAFF not in response.cookies
    assert (name_in_office(client), logged_in_as(client)) == ("bob", "")


def test_a_guests_basket_is_left(other: Any) -> None:
    """Although no user is logged in to the shop."""
    client = Client()
    client.get("/basket/")
    client.get("/office/in/bob/")

    client.post("/office/accounts/logout/")

    assert client.cookies["sessionid"].value
    assert client.get("/basket/").wsgi_request.session["basket"] == "lamp"


@pytest.mark.parametrize("in_office", [True, False])
def test_duplicates_of_the_other_cookie_are_not_ended(
    user: Any, other: Any, in_office: bool
) -> None:
    """They are the shop's, whether a user is logged in to the office or not."""
    first, second = (logged_in(user).cookies["sessionid"].value for _ in range(2))
    header = f"sessionid={first}; sessionid={second}"
    if in_office:
        header += f"; {STAFF}={in_both(user, other).cookies[STAFF].value}"

    Client().post("/office/accounts/logout/", headers={"cookie": header})

    for key in (first, second):
        client = Client()
        client.cookies["sessionid"] = key
        assert logged_in_as(client) == "ann"


def test_duplicates_of_the_own_cookie_are_ended(user: Any, other: Any) -> None:
    """Whatever its name is."""
    keys = [in_both(user, other).cookies[STAFF].value for _ in range(2)]

    header = "; ".join(f"{STAFF}={key}" for key in keys)
    Client().post("/office/accounts/logout/", headers={"cookie": header})

    assert not LoginSession.objects.filter(user=other, ended_at=None).exists()
    assert LoginSession.objects.filter(user=user, ended_at=None).count() == 2


def test_the_cookie_is_kept_if_nothing_has_ended(user: Any, other: Any) -> None:
    """The user can try again."""
    client = in_both(user, other)
    with failing("UPDATE", "loginsession"):
        response = client.post("/office/accounts/logout/")

    assert response.status_code == 503
    assert not response.cookies
    assert name_in_office(client) == "bob"


def test_an_ending_from_elsewhere_is_met_in_its_own_part(user: Any, other: Any) -> None:
    """The other part does not notice."""
    client = in_both(user, other)
    end_sessions(Target.user(other))

    assert (name_in_office(client), logged_in_as(client)) == ("", "ann")


@pytest.mark.parametrize("value", ["short", "a\x00" * 16])
def test_a_malformed_cookie_hides_no_other(user: Any, value: str) -> None:
    """Django takes the last one of a name, and drops a value that no key can have."""
    key = logged_in(user).cookies["sessionid"].value

    Client().post("/accounts/logout/", headers={"cookie": f"sessionid={key}; sessionid={value}"})

    assert not LoginSession.objects.filter(ended_at=None).exists()
