"""The view under ASGI, both kinds of it: the same sentences, with and without an event loop."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test import AsyncClient

from django_logout.models import LogoutEvent
from django_logout.views import AsyncLogoutView, LogoutView
from tests.clients import Page, csrf_token
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

both = pytest.mark.parametrize("view", [LogoutView, AsyncLogoutView])


@pytest.fixture
def bea(user: Any) -> AsyncClient:
    """Return an asynchronous client that is logged in."""
    client = AsyncClient()
    client.force_login(user)
    return client


async def logged_in_as(client: AsyncClient) -> str:
    """Return the name of the user whom the site serves."""
    return (await client.get("/")).content.decode().removeprefix("user=")


def test_djangos_own_rules_make_it_async() -> None:
    """Or every request would take a thread."""
    assert AsyncLogoutView.view_is_async
    assert not LogoutView.view_is_async


@both
async def test_post_logs_out(engine: str, bea: AsyncClient, settings: Any, view: Any) -> None:
    """On every engine."""
    settings.ROOT_URLCONF = routes(view.as_view(next_page="/quiet/"))
    stolen = bea.cookies["sessionid"].value

    assert (await bea.post(OUT))["Location"] == "/quiet/"

    thief = AsyncClient()
    thief.cookies["sessionid"] = stolen
    assert await logged_in_as(thief) == ""
    assert await LogoutEvent.objects.acount() == 1


@both
async def test_get_asks(bea: AsyncClient, settings: Any, view: Any) -> None:
    """It logs the user out, and succeeds for anonymous visitors."""
    settings.ROOT_URLCONF = routes(view.as_view())

    assert "You are logged in as ann." in Page(await bea.get(OUT)).text
    assert (await bea.head(OUT)).status_code == 200
    assert "You have been logged out." in Page(await AsyncClient().get(OUT)).text
    assert await logged_in_as(bea) == "ann"


@both
async def test_wrong_methods_and_options(bea: AsyncClient, settings: Any, view: Any) -> None:
    """The same answers as without an event loop."""
    settings.ROOT_URLCONF = routes(view.as_view())

    for response in (await bea.options(OUT), await bea.put(OUT), await bea.generic("BREW", OUT)):
        assert response["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert response.status_code == 405
    assert len(Page(response).all("form")) == 1
    assert await logged_in_as(bea) == "ann"


@both
@pytest.mark.parametrize("use_sessions", [False, True], ids=["cookie", "session"])
async def test_the_token_is_the_rule(
    user: Any, settings: Any, view: Any, use_sessions: bool
) -> None:
    """Without it or the browser's word: the question; with it: out."""
    settings.ROOT_URLCONF = routes(view.as_view())
    settings.CSRF_USE_SESSIONS = use_sessions
    client = AsyncClient(enforce_csrf_checks=True)
    await client.aforce_login(user)

    page = await client.post(OUT, headers={"Sec-Fetch-Site": "cross-site"})
    assert (page.status_code, await logged_in_as(client)) == (403, "ann")

    assert (await client.post(OUT, {"csrfmiddlewaretoken": csrf_token(page)})).status_code == 200
    assert await logged_in_as(client) == ""


@both
async def test_json(bea: AsyncClient, settings: Any, view: Any) -> None:
    """For fetch."""
    settings.ROOT_URLCONF = routes(view.as_view())

    response = await bea.post(OUT, headers={"Accept": "application/json"})

    assert response.json()["ended"] == {"session": 1}


@pytest.fixture
def sites(transactional_db: None, settings: Any) -> Iterator[None]:
    """A project with Django's sites, whose name has to be asked for in the database."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.sites"]
    site = import_module("django.contrib.sites.models").Site
    with connection.schema_editor() as editor:
        editor.create_model(site)
    site.objects.create(domain="testserver", name="The cars")
    site.objects.clear_cache()
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(site)


@both
async def test_with_the_sites_framework(
    sites: None, bea: AsyncClient, settings: Any, view: Any
) -> None:
    """Its query may not be made in the event loop."""
    settings.ROOT_URLCONF = routes(view.as_view())

    assert (await bea.get(OUT)).status_code == 200
    assert (await bea.post(OUT)).status_code == 200
