"""F14: a browser can send two cookies of the session's name (another path, a parent domain, one
tossed by a sibling subdomain). Logging out ended one of them; the other account appeared."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from django_logout.models import LogoutEvent
from tests.clients import LOGOUT, logged_in, logged_in_as
from tests.timeouts import another_process

pytestmark = pytest.mark.django_db(transaction=True)


def key_of(account: Any) -> str:
    """The cookie of a new login."""
    client = Client()
    client.force_login(account)
    client.get("/write/")
    return str(client.cookies["sessionid"].value)


def holder(key: str) -> str:
    """Whom a cookie is served as."""
    client = Client()
    client.cookies["sessionid"] = key
    return logged_in_as(client)


def send(url: str, cookies: str) -> Any:
    """A POST with a Cookie header as it comes over the wire."""
    return Client(HTTP_COOKIE=cookies).post(url)


@pytest.mark.parametrize("url", [LOGOUT, "/plain-logout/"])
@pytest.mark.parametrize("first", [True, False])
def test_all_that_the_browser_presents_are_ended(
    engine: str, user: Any, other: Any, url: str, first: bool
) -> None:
    """Whichever of them Django reads, on every engine, by our view and by Django's function."""
    keys = [key_of(user), key_of(other)]

    send(url, "; ".join(f"sessionid={key}" for key in (keys if first else keys[::-1])))

    assert [holder(key) for key in keys] == ["", ""]
    assert LogoutEvent.objects.get().sessions == 2


@pytest.mark.parametrize("url", [LOGOUT, "/plain-logout/"])
def test_dead_cookie_in_front_does_not_save_an_active_session(
    user: Any, client: Client, url: str
) -> None:
    """A dead cookie in front of a living one must not save it."""
    key = key_of(user)

    send(url, f"sessionid={key}; sessionid=neverexisted")

    assert holder(key) == ""


@pytest.mark.parametrize("url", [LOGOUT, "/plain-logout/"])
def test_guest_cookie_in_front_does_not_save_an_active_session(
    engine: str, user: Any, client: Client, url: str
) -> None:
    """A cart in front of a login must not save it either."""
    key = key_of(user)
    client.get("/write/")

    send(url, f"sessionid={key}; sessionid={client.cookies['sessionid'].value}")

    assert holder(key) == ""


def test_other_cookies_and_other_users_are_left_alone(user: Any, other: Any) -> None:
    """A name that only ends like the session's is another cookie."""
    mine, hers = key_of(user), key_of(other)

    send(LOGOUT, f"my_sessionid={hers}; sessionid={mine}; theme=sessionid={hers}")

    assert (holder(mine), holder(hers)) == ("", "bob")


def test_the_same_cookie_twice_is_one_session(user: Any) -> None:
    """Same name, same value, two paths."""
    key = key_of(user)

    send(LOGOUT, f"sessionid={key}; sessionid={key}")

    assert LogoutEvent.objects.get().sessions == 1


def test_a_tossed_cookie_with_a_nul_is_no_obstacle(user: Any) -> None:
    """Nor is one that no engine can have made."""
    key = key_of(user)

    send(LOGOUT, f'sessionid="as-long-as-a-key\\000"; sessionid={key}; sessionid={"x" * 500}')

    assert holder(key) == ""


def staff_shorter(user: Any, request: Any) -> timedelta | int | None:
    """Five minutes for staff; an hour for others."""
    return timedelta(minutes=5) if user.is_staff else 3600


def test_a_session_beside_the_one_in_use(user: Any, other: Any, settings: Any, clock: Any) -> None:
    """Two cookies of one name: logging out asks for the limits of both."""
    settings.LOGOUT = {"IDLE_TIMEOUT": staff_shorter}
    ann, bob = logged_in(user), logged_in(other)
    both = Client()
    first, second = (c.cookies["sessionid"].value for c in (ann, bob))
    with another_process():
        both.post("/accounts/logout/", HTTP_COOKIE=f"sessionid={first}; sessionid={second}")
    assert (logged_in_as(ann), logged_in_as(bob)) == ("", "")
