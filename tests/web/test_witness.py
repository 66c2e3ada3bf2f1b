"""The cookie by which the script of a page notices logins and logouts that no page announces."""

from typing import Any

import pytest
from django.contrib.auth import logout as django_logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import AsyncClient, Client

from django_logout import Target, end_sessions, logout
from tests.clients import LOGOUT, logged_in_as
from tests.outages import make_cache_unwritable
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "logout_witness"
LIKE_SESSION = {
    "SESSION_COOKIE_PATH": "/shop/",
    "SESSION_COOKIE_DOMAIN": ".example.com",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_SAMESITE": "Strict",
}


def log_in(client: Client, **options: Any) -> Any:
    """Log in by the form."""
    return client.post("/login/", {"username": "ann", "password": "pw"}, **options)


def witness(response: Any) -> str | None:
    """Return the value that a response gives the cookie; ``""`` if it deletes the cookie."""
    morsel = response.cookies.get(NAME)
    return None if morsel is None else str(morsel.value)


@pytest.fixture
def here(client: Client, user: User) -> Client:
    """A browser with a login, made by the form."""
    log_in(client)
    return client


def test_each_login_changes_it(client: Client, user: User) -> None:
    """It is another one each time, and long enough not to meet by chance."""
    values = [witness(log_in(client)) for _ in range(3)]

    assert len({value for value in values if value}) == 3
    assert all(len(value or "") == 12 for value in values)


def test_it_says_nothing_of_the_session(client: Client, user: User) -> None:
    """Neither the key nor the user; scripts may read it."""
    response = log_in(client)

    value = witness(response) or ""
    assert value not in client.session.session_key
    assert client.session.session_key not in value
    assert value not in str(dict(client.session))
    assert not response.cookies[NAME]["httponly"]


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}])
def test_logout_deletes_it(here: Client, headers: dict[str, str]) -> None:
    """However the browser asks for it."""
    assert witness(here.post(LOGOUT, headers=headers)) == ""


@pytest.mark.parametrize("way", ["Django's function", "flush", "keep"])
def test_other_ways_out_delete_it(here: Client, settings: Any, way: str) -> None:
    """Those of Django, and a logout that leaves data in a session."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session["cart"] = 1
        if way == "flush":
            request.session.flush()
        elif way == "keep":
            logout(request, keep=["cart"])
        else:
            django_logout(request)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    assert witness(here.post(OUT)) == ""


@pytest.mark.parametrize("ended", [True, False])
def test_ending_from_elsewhere_deletes_it_with_the_next_request(
    here: Client, user: User, settings: Any, ended: bool
) -> None:
    """Once."""
    if ended:
        end_sessions(Target.user(user))
    else:
        settings.LOGOUT = {"ABSOLUTE_TIMEOUT": 0.000001}

    assert [witness(here.get("/private/")), witness(here.get("/private/"))] == ["", None]


def test_ending_during_the_request_leaves_it_alone(here: Client, user: User, settings: Any) -> None:
    """Another tab may have logged in meanwhile, as its session cookie is left alone too."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session["a"] = 1
        end_sessions(Target.user(user))
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    assert witness(here.post(OUT)) is None


def test_logout_that_fails_leaves_it_alone(here: Client, monkeypatch: Any) -> None:
    """The user may still be logged in."""
    make_cache_unwritable(monkeypatch)

    response = here.post(LOGOUT)

    assert (response.status_code, witness(response)) == (503, None)


def test_logout_of_an_error_leaves_it_alone(here: Client, settings: Any) -> None:
    """What the response says is not certain."""

    def view(request: HttpRequest) -> HttpResponse:
        logout(request)
        return HttpResponse(status=500)

    settings.ROOT_URLCONF = routes(view)

    assert witness(here.post(OUT)) is None


def test_it_has_the_attributes_of_the_session_cookie(
    client: Client, user: User, settings: Any
) -> None:
    """When it is set and when it is deleted, or browsers would keep it."""
    settings.LOGOUT = {"SESSION_COOKIE_PARTITIONED": True}
    for name, value in LIKE_SESSION.items():
        setattr(settings, name, value)

    for response in (log_in(client, secure=True), client.post(LOGOUT, secure=True)):
        morsel = response.cookies[NAME]
        assert (morsel["path"], morsel["domain"]) == ("/shop/", ".example.com")
        assert (morsel["secure"], morsel["samesite"]) == (True, "Strict")
        assert "; Partitioned" in morsel.OutputString()


@pytest.mark.parametrize("closing", [True, False])
def test_it_lives_as_long_as_the_session_cookie(
    client: Client, user: User, settings: Any, closing: bool
) -> None:
    """For a time, or until the browser is closed."""
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = closing

    cookies = log_in(client).cookies

    assert cookies[NAME]["max-age"] == cookies["sessionid"]["max-age"]
    assert bool(cookies[NAME]["max-age"]) is not closing


@pytest.mark.parametrize("name", [None, "", "other"])
def test_project_chooses_the_name(
    client: Client, user: User, settings: Any, name: str | None
) -> None:
    """Or does without the cookie."""
    settings.LOGOUT = {"WITNESS_COOKIE": name}

    cookies = {**log_in(client).cookies, **client.get("/private/").cookies}

    assert NAME not in cookies
    assert ("other" in cookies) is (name == "other")


async def test_it_changes_under_asgi(user: User) -> None:
    """The same under ASGI."""
    client = AsyncClient()

    begun = await client.post("/login/", {"username": "ann", "password": "pw"})
    ended = await client.post(LOGOUT)

    assert [bool(witness(begun)), witness(ended)] == [True, ""]


def _script_view(request: HttpRequest) -> HttpResponse:
    source = engines["django"].from_string("{% load logout %}{% logout_script %}")
    return HttpResponse(source.render({}, request))


def test_page_with_the_script_sets_it_if_it_is_missing(ann: Client, settings: Any) -> None:
    """Of a session that is older than the cookie, once."""
    settings.ROOT_URLCONF = routes(_script_view)

    first, second = ann.get(OUT), ann.get(OUT)

    assert 'data-witness="logout_witness"' in first.content.decode()
    assert [bool(witness(first)), witness(second)] == [True, None]
    assert logged_in_as(ann)


def test_page_of_an_anonymous_visitor_sets_nothing(client: Client, settings: Any) -> None:
    """There is nothing to witness."""
    settings.ROOT_URLCONF = routes(_script_view)

    response = client.get(OUT)

    assert "data-witness" not in response.content.decode()
    assert not response.cookies


def test_page_that_logs_out_after_the_script_was_rendered(here: Client, settings: Any) -> None:
    """What is set would be deleted by the next request only."""

    def view(request: HttpRequest) -> HttpResponse:
        request.COOKIES.pop(NAME)
        page = _script_view(request)
        logout(request)
        return page

    settings.ROOT_URLCONF = routes(view)

    assert not witness(here.post(OUT))


def test_page_without_the_script_is_not_changed(ann: Client) -> None:
    """Neither by a cookie nor by a header."""
    response = ann.get("/private/")

    assert not response.cookies


def test_page_that_reads_no_session_costs_and_says_nothing(
    here: Client, django_assert_num_queries: Any
) -> None:
    """The cookie that the browser sends is not looked at."""
    with django_assert_num_queries(0):
        response = here.get("/quiet/")

    assert not response.cookies
    assert not response.has_header("Vary")


def test_attached_session_has_no_witness(here: Client, user: User, settings: Any) -> None:
    """One that an app sends in a header is no business of the browser's pages."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session.state.by_cookie = False
        logout(request)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    assert witness(here.post(OUT)) is None
