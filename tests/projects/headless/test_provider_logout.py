"""A logout by allauth's API leads on to the provider of the login, for apps and for browsers."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import include, path

from django_logout.federation.checks import security_checks
from django_logout.federation.rp_initiated import COOKIE
from tests.projects.headless_client import SESSION, App

pytestmark = pytest.mark.django_db(transaction=True)
BROWSER_SESSION = "/_allauth/browser/v1/auth/session"
END = "https://op.example/end"


@pytest.fixture(autouse=True)
def op(settings: Any) -> None:
    """A provider of which everything is known."""
    known = {
        "ISSUER": "https://op.example",
        "CLIENT_ID": "cars",
        "END_SESSION_ENDPOINT": END,
        "JWKS_URI": "https://op.example/jwks",
        "POST_LOGOUT_REDIRECT_URI": "https://cars.example/bye/",
    }
    settings.LOGOUT = {"PROVIDERS": {"op": known}}


def change(settings: Any, **keys: Any) -> None:
    """Change keys of the provider."""
    settings.LOGOUT = {"PROVIDERS": {"op": {**settings.LOGOUT["PROVIDERS"]["op"], **keys}}}


def leads_to(answer: Any) -> str:
    """Return where the client is sent, and check that it is logged out as allauth says it."""
    body = answer.json()
    assert (answer.status_code, body["meta"]) == (401, {"is_authenticated": False})
    url = body.get("redirect_to", "")
    if url:
        asked = parse_qs(urlsplit(url).query)
        assert (asked["client_id"], asked["logout_hint"]) == (["cars"], ["A"])
    return str(url.partition("?")[0])


def browser_of(user: Any) -> Client:
    """Return a browser that is logged in, and sends no CSRF token unless it is given one."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    return browser


def test_app(user: Any) -> None:
    """The app gets the URL, and its session has ended."""
    app = App.log_in()
    assert app.get("/app/link/").status_code == 200
    assert leads_to(app.delete(SESSION)) == END
    assert not app.works


def test_browser(user: Any, settings: Any) -> None:
    """The script gets the URL, and the browser the cookie by which its return is recognized."""
    change(settings, POST_LOGOUT_REDIRECT_URI="http://testserver/signed-out/")
    browser = browser_of(user)
    browser.get("/browser/link/")
    assert browser.delete(BROWSER_SESSION).status_code == 403  # There is no CSRF token.
    browser.get("/_allauth/browser/v1/config")
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    answer = browser.delete(BROWSER_SESSION, headers=token)
    assert leads_to(answer) == END
    assert COOKIE in answer.cookies
    assert browser.get(BROWSER_SESSION).status_code == 401
    assert leads_to(browser.delete(BROWSER_SESSION, headers=token)) == ""


def test_no_logout_page(user: Any, settings: Any) -> None:
    """The user is told."""
    change(settings, END_SESSION_ENDPOINT="", ISSUER="https://127.0.0.1")
    app = App.log_in()
    app.get("/app/link/")
    answer = app.delete(SESSION)
    assert leads_to(answer) == ""
    assert answer.json()["detail"] == "You are still logged in at op."


def test_no_provider(user: Any) -> None:
    """A login by password leads nowhere, and the response is allauth's."""
    answer = App.log_in().delete(SESSION)
    assert (leads_to(answer), set(answer.json())) == ("", {"data", "meta", "status"})


class AllauthAlone:
    """A URLconf with allauth's views only."""

    urlpatterns = (path("_allauth/", include("allauth.headless.urls")),)


class NoUrls:
    """A URLconf without them."""

    urlpatterns = ()


@pytest.mark.parametrize(("urls", "found"), [(None, 0), (AllauthAlone, 2), (NoUrls, 0)])
def test_check(settings: Any, urls: Any, found: int) -> None:
    """Where allauth's own URL comes first, its logout leaves users logged in at the provider."""
    settings.ROOT_URLCONF = urls or settings.ROOT_URLCONF
    ids = [each.id for each in security_checks()]
    assert ids.count("django_logout.W115") == found


def test_no_check_without_providers(settings: Any) -> None:
    """Nobody is logged in anywhere else."""
    settings.LOGOUT, settings.ROOT_URLCONF = {}, AllauthAlone
    assert security_checks() == []
