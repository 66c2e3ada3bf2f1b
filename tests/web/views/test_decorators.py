"""A project's own function views: what ``ends_sessions`` gives them."""

from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.test import AsyncClient, Client
from django.views.decorators.http import require_POST

from django_logout import alogout, logout
from django_logout.views import ends_sessions
from tests.clients import Page, copy_of, csrf_token, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@require_POST
@ends_sessions
def leave(request: HttpRequest, fails: bool = False) -> HttpResponse:
    """As in the documents."""
    logout(request)
    if fails:
        raise RuntimeError
    return redirect("home")


@require_POST
@ends_sessions
async def aleave(request: HttpRequest) -> HttpResponse:
    """The same in an event loop."""
    await alogout(request)
    return redirect("home")


def strict(user: Any) -> Client:
    """A browser in which CSRF is checked."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


@pytest.mark.parametrize("view", [leave, aleave])
def test_the_browser_itself_can_vouch(user: Any, settings: Any, view: Any) -> None:
    """A tab with a stale token, or with none, is no dead end."""
    settings.ROOT_URLCONF = routes(view)
    client = strict(user)

    response = client.post(OUT, headers={"Sec-Fetch-Site": "same-origin"})

    assert response["Location"] == "/"
    assert "no-store" in response["Cache-Control"]
    assert logged_in_as(client) == ""


@pytest.mark.parametrize("view", [leave, aleave])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", None])
def test_another_site_cannot_log_out(user: Any, settings: Any, view: Any, site: Any) -> None:
    """The question comes instead, with a token that works and no choice that the view ignores."""
    settings.ROOT_URLCONF = routes(view)
    client = strict(user)

    response = client.post(OUT, headers={"Sec-Fetch-Site": site} if site else {})

    assert response.status_code == 403
    assert logged_in_as(client) == "ann"
    page = Page(response)
    assert [form["action"] for form in page.all("form")] == [OUT]
    assert {field["name"] for field in page.all("input")} == {"csrfmiddlewaretoken"}
    client.post(OUT, {"csrfmiddlewaretoken": csrf_token(response)})
    assert logged_in_as(client) == ""


async def test_in_an_event_loop(user: Any, settings: Any) -> None:
    """Both answers."""
    settings.ROOT_URLCONF = routes(aleave)
    client = AsyncClient(enforce_csrf_checks=True)
    await client.aforce_login(user)

    assert (await client.post(OUT)).status_code == 403
    page = await client.post(OUT, headers={"Sec-Fetch-Site": "same-origin"})

    assert page["Location"] == "/"
    assert (await client.get("/")).content == b"user="


def test_no_transaction_takes_the_logout_back(
    engine: str, ann: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is done once, though the view fails afterwards."""
    from django_logout.models import LogoutEvent

    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    settings.ROOT_URLCONF = routes(lambda request: leave(request, fails=True))
    settings.ROOT_URLCONF[0].callback.__dict__.update(leave.__dict__)
    ann.raise_request_exception = False
    thief = copy_of(ann)

    assert ann.post(OUT).status_code == 500

    assert logged_in_as(ann) == logged_in_as(thief) == ""
    assert LogoutEvent.objects.get().user_label == "ann"


def test_no_login_is_required(settings: Any, client: Client) -> None:
    """Where a middleware wants a login for every page, too."""
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    settings.ROOT_URLCONF = routes(leave)

    assert client.post(OUT)["Location"] == "/"
    assert client.get(OUT).status_code == 405
