"""What headers leave in the browser: stored pages."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.views.decorators.cache import cache_control, never_cache

from django_logout import Target, end_sessions, logout
from django_logout.decorators import storable
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_store(settings: Any) -> None:
    """It is switched on."""
    settings.LOGOUT = {"NO_STORE": True}


def page(request: HttpRequest) -> HttpResponse:
    """The page of a user."""
    return HttpResponse(request.user.get_username())


async def apage(request: HttpRequest) -> HttpResponse:
    """The same under ASGI."""
    return HttpResponse((await request.auser()).get_username())


def download(request: HttpRequest) -> StreamingHttpResponse:
    """A large one."""
    return StreamingHttpResponse([request.user.get_username()])


def cached(response: Any) -> str:
    """What is said about storing."""
    return str(response.headers.get("Cache-Control", ""))


@pytest.mark.parametrize("view", [page, apage, download])
def test_pages_of_a_user_are_not_stored(engine: str, ann: Client, settings: Any, view: Any) -> None:
    """Once it is switched on, whatever kind of response it is."""
    settings.ROOT_URLCONF = routes(view)
    assert cached(ann.get(OUT)) == ""

    settings.LOGOUT = {"NO_STORE": True}

    assert cached(ann.get(OUT)) == "no-store, private"


async def test_pages_of_a_user_are_not_stored_under_asgi(
    no_store: None, user: Any, settings: Any
) -> None:
    """The same under ASGI."""
    settings.ROOT_URLCONF = routes(apage)
    client = AsyncClient()
    await client.aforce_login(user)

    assert cached(await client.get(OUT)) == "no-store, private"


@pytest.mark.parametrize("save", [False, True], ids=["when modified", "every request"])
def test_pages_that_never_looked_are_left_alone(
    no_store: None, ann: Client, settings: Any, save: bool
) -> None:
    """They are the same for everybody (design law 5)."""
    settings.SESSION_SAVE_EVERY_REQUEST = save

    assert cached(ann.get("/quiet/")) == ""


def test_pages_for_anonymous_visitors_are_left_alone(
    no_store: None, client: Client, ann: Client
) -> None:
    """Of anonymous visitors, and of a user whose session has ended."""
    assert cached(client.get("/")) == ""

    end_sessions(Target.everyone())

    assert cached(ann.get("/")) == ""


def test_what_the_view_says_stands(no_store: None, ann: Client, settings: Any) -> None:
    """It knows better."""
    settings.ROOT_URLCONF = routes(cache_control(private=True, max_age=60)(page))

    assert cached(ann.get(OUT)) == "private, max-age=60"


def test_the_page_that_says_goodbye_by_name_may_not_be_stored(
    no_store: None, ann: Client, settings: Any
) -> None:
    """No user is logged in when it is sent, but one was when it was made."""

    def view(request: HttpRequest) -> HttpResponse:
        name = request.user.get_username()
        logout(request)
        return HttpResponse(f"Goodbye {name}")

    settings.ROOT_URLCONF = routes(view)

    assert cached(ann.get(OUT)) == "no-store, private"


PREFETCH = {"Sec-Purpose": "prefetch;prerender"}


@pytest.mark.parametrize("view", [page, never_cache(page)], ids=["ours", "its own"])
def test_pages_of_a_user_are_not_prefetched(
    no_store: None, ann: Client, settings: Any, view: Any
) -> None:
    """F42: the browser would show them after logging out."""
    settings.ROOT_URLCONF = routes(view)

    assert ann.get(OUT, headers=PREFETCH).status_code == 403
    assert ann.get(OUT, headers={"Sec-Purpose": "something new"}).status_code == 200


@pytest.mark.parametrize(
    "view", [storable(page), cache_control(max_age=60)(page)], ids=["let off", "its own"]
)
def test_what_may_be_stored_may_be_fetched_ahead(
    no_store: None, ann: Client, settings: Any, view: Any
) -> None:
    """That is what it is let off for."""
    settings.ROOT_URLCONF = routes(view)

    assert ann.get(OUT, headers=PREFETCH).status_code == 200


def test_pages_for_everybody_may_be_fetched_ahead(no_store: None, ann: Client) -> None:
    """And all of them unless NO_STORE is on."""
    assert ann.get("/quiet/", headers=PREFETCH).status_code == 200


def test_by_default_all_pages_may_be_fetched_ahead(ann: Client) -> None:
    """It is the project's decision."""
    assert ann.get("/", headers=PREFETCH).status_code == 200
