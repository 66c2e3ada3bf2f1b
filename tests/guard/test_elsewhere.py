"""Another app may know that a login has ended elsewhere. It is asked once, when a request first asks whose session it
has."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import SESSION_KEY, alogin, get_user_model, login
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from django_logout import Reason, Target, end_sessions
from django_logout.exceptions import SessionUnavailable
from django_logout.guard import decision
from django_logout.sessions import engines
from tests.clients import BACKEND, logged_in_as
from tests.urls import urlpatterns as ours

pytestmark = pytest.mark.django_db(transaction=True)


async def whose(request: Any) -> HttpResponse:
    """Return the name of the user, and whether the session has one, asynchronously."""
    has = await request.session.ahas_key(SESSION_KEY)
    user = await request.auser()
    return HttpResponse(f"{has} {user.get_username()}")


async def whose_at_once(request: Any) -> HttpResponse:
    """Ask from synchronous code in the event loop."""
    return HttpResponse(str(SESSION_KEY in request.session))


def cart(request: Any) -> HttpResponse:
    """Do not ask."""
    return HttpResponse(str(request.session.get("cart")))


async def cart_async(request: Any) -> HttpResponse:
    """Do not ask, asynchronously."""
    has = await request.session.ahas_key("cart")
    return HttpResponse(f"{has} {await request.session.aget('cart')}")


def again(request: Any) -> HttpResponse:
    """Log in the same user."""
    login(request, get_user_model().objects.get(), BACKEND)
    return HttpResponse()


async def again_async(request: Any) -> HttpResponse:
    """Log in the same user."""
    await alogin(request, await get_user_model().objects.aget(), BACKEND)
    return HttpResponse()


urlpatterns = [
    path("whose/", whose),
    path("at-once/", whose_at_once),
    path("cart/", cart),
    path("cart-async/", cart_async),
    path("again/", again),
    path("again-async/", again_async),
    *ours,
]


@pytest.fixture
def asked(monkeypatch: Any, settings: Any) -> list[Any]:
    """What other apps were asked. Neither knows of an ending, unless a test says so."""
    settings.ROOT_URLCONF = __name__
    found: list[Any] = []
    checks = [lambda session, session_id: found.append(session_id), lambda *args: None]
    monkeypatch.setattr(decision, "login_checks", checks)
    return found


def end(session: Any, session_id: Any) -> str:
    """End the session, as an app does that knows that the login has ended."""
    end_sessions(Target.session(session_id), reason=Reason.PROVIDER_LOGIN_ENDED)
    return Reason.PROVIDER_LOGIN_ENDED


def over_asgi(browser: Client, url: str) -> str:
    """Return what an asynchronous request with the same cookie gets."""
    visitor = AsyncClient()
    visitor.cookies.update(browser.cookies)
    return str(async_to_sync(visitor.get)(url).content.decode())


def test_once_a_request(asked: list[Any], user: Any, engine: str) -> None:
    """However often it asks, and not if it does not."""
    browser = Client()
    browser.force_login(user)
    asked.clear()
    assert browser.get("/cart/").content == b"None"
    assert over_asgi(browser, "/cart-async/") == "False None"
    assert asked == []
    assert (logged_in_as(browser), len(asked)) == ("ann", 1)
    assert (over_asgi(browser, "/whose/"), len(asked)) == ("True ann", 2)
    assert (logged_in_as(Client()), len(asked)) == ("", 2)
    if engine != "db":  # Django refuses its queries there.
        assert (over_asgi(browser, "/at-once/"), len(asked)) == ("True", 3)


@pytest.mark.parametrize(
    ("url", "expected"), [("/whose/", "False "), ("/at-once/", "False"), ("/", "user=")]
)
def test_refused_where_it_has_ended(
    asked: list[Any], user: Any, engine: str, url: str, expected: str
) -> None:
    """From the first look on."""
    if (engine, url) == ("db", "/at-once/"):
        pytest.skip("Django refuses the queries of this engine in an event loop.")
    browser = Client()
    browser.force_login(user)
    decision.login_checks.append(end)
    page = browser.get(url).content.decode() if url == "/" else over_asgi(browser, url)
    assert page == expected
    decision.login_checks.pop()
    assert logged_in_as(browser) == ""


@pytest.mark.parametrize("url", ["/again/", "/again-async/"])
def test_login_over_it(asked: list[Any], user: Any, url: str) -> None:
    """Django asks twice whose session it was, and gets one answer."""
    browser = Client()
    browser.force_login(user)
    decision.login_checks.append(end)
    assert browser.get(url).status_code == 200
    decision.login_checks.pop()
    assert logged_in_as(browser) == "ann"


def test_unknown_is_503(asked: list[Any], user: Any) -> None:
    """The session is kept."""

    def fail(session: Any, session_id: Any) -> None:
        raise SessionUnavailable

    browser = Client()
    browser.force_login(user)
    decision.login_checks.append(fail)
    response = browser.get("/")
    assert (response.status_code, "sessionid" in response.cookies) == (503, False)
    decision.login_checks.pop()
    assert logged_in_as(browser) == "ann"


def test_code_without_a_request_asks_no_one(asked: list[Any], user: Any) -> None:
    """Such as a task, or a socket, which is checked by its id."""
    browser = Client()
    browser.force_login(user)
    asked.clear()
    session = engines.current_engine().store(browser.cookies["sessionid"].value)
    assert SESSION_KEY in session
    assert session[SESSION_KEY] == str(user.pk)
    assert asked == []
