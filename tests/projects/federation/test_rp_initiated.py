"""Log out at the provider as well (OpenID Connect RP-Initiated Logout 1.0)."""

import re
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.core import signing
from django.test import AsyncClient, Client

from django_logout.federation import rp_initiated
from django_logout.federation.models import ProviderMetadata
from django_logout.web.views.logout import LogoutView
from tests.projects.federation.conftest import CLIENT_ID, ISSUER, log_in, send, token, who

pytestmark = pytest.mark.django_db(transaction=True)

LOGOUT = "/accounts/logout/"
RAW = jwt.encode({"iss": ISSUER, "aud": CLIENT_ID, "sub": "1", "sid": "A"}, "k" * 32, "HS256")


def query_of(url: str) -> dict[str, str]:
    """Return the parameters of a URL, each once."""
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


def test_browser_goes_to_the_provider_and_comes_back(user: Any, engine: str) -> None:
    """RPI-1 to RPI-8: the session here has ended before the browser leaves."""
    browser = log_in(user, id_token=RAW)
    thief = Client()
    thief.cookies.update(browser.cookies)
    response = browser.post(LOGOUT)
    assert response.status_code == 302
    assert response["Location"].startswith(f"{ISSUER}/end?")
    assert who(thief) == [""]
    sent = query_of(response["Location"])
    assert sent.pop("state")
    assert sent == {
        "id_token_hint": RAW,
        "client_id": CLIENT_ID,
        "post_logout_redirect_uri": "http://testserver/signed-out/",
        "ui_locales": "en-us",
    }
    cookie = response.cookies[rp_initiated.COOKIE]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["max-age"]) == ("Lax", rp_initiated.MAX_AGE)


def test_next_page_is_found_once(user: Any, monkeypatch: Any) -> None:
    """A URL that is refused is logged, and not twice."""
    found: list[Any] = []
    monkeypatch.setattr(LogoutView, "get_success_url", lambda self: found.append(self) or "/")
    for path in (LOGOUT, "/async-logout/"):
        found.clear()
        log_in(user).post(path)
        assert len(found) == 1
        here = Client()
        here.force_login(user)
        here.post(path)
        assert len(found) == 2


def test_oidcc_rp_initiated_logout_rp(user: Any) -> None:
    """The provider's notice for the session that has just ended is answered 200 (RPI-9)."""
    browser = log_in(user, sid="A")
    browser.post(LOGOUT)
    assert send(token(sid="A")).status_code == 200
    assert browser.get("/signed-out/").status_code == 200


def test_without_an_id_token_the_session_is_hinted_at(user: Any) -> None:
    """RPI-4: as with allauth, which keeps no raw token."""
    sent = query_of(log_in(user, sid="A").post(LOGOUT)["Location"])
    assert sent["logout_hint"] == "A"
    assert "id_token_hint" not in sent


def test_return_leads_to_where_the_user_was_going(user: Any) -> None:
    """RPI-6, RPI-7: ``next`` is kept here, and the state works once."""
    browser = log_in(user)
    sent = query_of(browser.post(LOGOUT, {"next": "/private/"})["Location"])
    back = browser.get("/signed-out/", {"state": sent["state"]})
    assert (back.status_code, back["Location"]) == (302, "/private/")
    assert "no-store" in back["Cache-Control"]
    assert browser.get("/signed-out/", {"state": sent["state"]}).status_code == 200


def test_return_says_what_is_known(user: Any, settings: Any) -> None:
    """Providers send browsers back also if their users have said no (seen with oidc-provider)."""
    settings.LOGOUT_REDIRECT_URL = None
    browser = log_in(user, sid="A")
    sent = query_of(browser.post(LOGOUT)["Location"])
    page = browser.get("/signed-out/", {"state": sent["state"]}).content.decode()
    assert "logged out at Example ID, too, unless you chose to stay logged in there." in page


def test_return_does_not_say_logged_out_to_a_user(user: Any, settings: Any) -> None:
    """Design law 3: the user has logged in again meanwhile, or was led here by a link."""
    settings.LOGOUT_REDIRECT_URL = None
    browser = log_in(user)
    response = browser.get("/signed-out/")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert who(browser) == ["ann"]


@pytest.mark.parametrize("query", [{"state": "other"}, {}, {"state": "ä" * 9000}])
def test_oidcc_rp_initiated_logout_other_state(user: Any, query: Any) -> None:
    """RPI-7: another state, or none (…-no-state). The page says so calmly, and nothing is done."""
    browser, other = log_in(user), log_in(user)
    browser.post(LOGOUT)
    page = browser.get("/signed-out/", query)
    assert page.status_code == 200
    assert "Example ID" not in page.content.decode()
    assert who(other) == ["ann"]
    forged = Client()
    forged.cookies[rp_initiated.COOKIE] = signing.dumps({"state": "x"}, salt="another")
    assert forged.get("/signed-out/", {"state": "x"}).status_code == 200


def test_back_channel_was_faster(user: Any) -> None:
    """Keycloak 45547: the browser comes back after the notice."""
    browser = log_in(user, sid="A")
    sent = query_of(browser.post(LOGOUT, {"next": "/private/"})["Location"])
    send(token(sid="A"))
    assert browser.get("/signed-out/", {"state": sent["state"]})["Location"] == "/private/"


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_return_leads_to_no_other_site(user: Any, url: str) -> None:
    """RPI-6: what the provider gets is fixed, and where the user was going is checked before."""
    browser = log_in(user)
    sent = query_of(browser.post(LOGOUT, {"next": url})["Location"])
    assert sent["post_logout_redirect_uri"] == "http://testserver/signed-out/"
    assert browser.get("/signed-out/", {"state": sent["state"]})["Location"] == "/"


def test_state_is_good_once(user: Any) -> None:
    """RPI-7: then the browser has it no more. One that an attacker copies leads where it led."""
    browser, thief = log_in(user), Client()
    sent = query_of(browser.post(LOGOUT, {"next": "/private/"})["Location"])
    thief.cookies.update(browser.cookies)
    query = {"state": sent["state"]}
    assert browser.get("/signed-out/", query)["Location"] == "/private/"
    again = browser.get("/signed-out/", query)
    assert "Example ID" not in again.content.decode()
    assert thief.get("/signed-out/", query)["Location"] == "/private/"
    assert who(thief) == [""]


def test_json_and_htmx(user: Any) -> None:
    """The same URL, in the way that each of them reads."""
    response = log_in(user).post(LOGOUT, headers={"Accept": "application/json"})
    assert response.json()["redirect_to"].startswith(f"{ISSUER}/end?")
    assert rp_initiated.COOKIE in response.cookies
    response = log_in(user).post(LOGOUT, headers={"HX-Request": "true"})
    assert response["HX-Redirect"].startswith(f"{ISSUER}/end?")


@pytest.mark.parametrize("url", ["/api/logout/", "/api/end-all/"])
def test_endpoints_for_programs(user: Any, url: str) -> None:
    """REST framework and django-ninja pass their requests to these."""
    response = log_in(user).post(url)
    assert response.json()["logged_out"]
    assert response.json()["redirect_to"].startswith(f"{ISSUER}/end?")
    assert rp_initiated.COOKIE in response.cookies


async def test_asynchronous_view(user: Any) -> None:
    """It finds the destination, and what the page asks about, in a thread."""
    from asgiref.sync import sync_to_async

    browser, client = await sync_to_async(log_in)(user), AsyncClient()
    client.cookies.update(browser.cookies)
    assert (await client.get("/async-logout/")).status_code == 200
    response = await client.post("/async-logout/")
    assert response["Location"].startswith(f"{ISSUER}/end?")


def test_post_to_the_provider(user: Any, set_provider: Any) -> None:
    """RPI-10: a page with a form, so that no token is in a URL. It works without script."""
    set_provider(LOGOUT_METHOD="post")
    browser = log_in(user, id_token=RAW)
    response = browser.post(LOGOUT)
    page = response.content.decode()
    assert response.status_code == 200
    assert f'action="{ISSUER}/end"' in page
    assert f'name="id_token_hint" value="{RAW}"' in page
    assert "django_logout/continue.js" in page
    assert "no-store" in response["Cache-Control"]
    assert re.search(r"<button type=.submit.", page)
    assert rp_initiated.COOKIE in response.cookies
    assert who(browser) == [""]
    browser = log_in(user, id_token=RAW)
    response = browser.post(LOGOUT, headers={"Accept": "application/json"})
    assert response.json()["redirect_to"].startswith(f"{ISSUER}/end?client_id=")
    assert RAW not in response.content.decode()


def test_page_of_the_project_as_return(user: Any, set_provider: Any) -> None:
    """No ``state`` is sent then, since nobody would compare it (design 6a)."""
    set_provider(POST_LOGOUT_REDIRECT_URI="https://site.example/bye/")
    response = log_in(user).post(LOGOUT)
    sent = query_of(response["Location"])
    assert sent["post_logout_redirect_uri"] == "https://site.example/bye/"
    assert "state" not in sent
    assert rp_initiated.COOKIE not in response.cookies


def test_no_return(user: Any, set_provider: Any) -> None:
    """Nothing is sent that is not registered."""
    set_provider(POST_LOGOUT_REDIRECT_URI="")
    assert "post_logout_redirect_uri" not in query_of(log_in(user).post(LOGOUT)["Location"])


def test_cognito(user: Any, set_provider: Any, settings: Any) -> None:
    """Its parameter has another name, and its logout page another URL. No language is sent."""
    set_provider(PRESET="cognito", END_SESSION_ENDPOINT="https://pool.example/logout?x=1")
    with mock.patch.object(rp_initiated, "get_language", return_value=None):
        url = log_in(user).post(LOGOUT)["Location"]
    assert url.startswith("https://pool.example/logout?x=1&client_id=")
    assert query_of(url)["logout_uri"] == "http://testserver/signed-out/"


#: What a provider may publish by mistake, or who has taken its place.
UNUSABLE = (
    7,
    "javascript:alert(1)",
    "//evil.example",
    "https://[bad",
    "https:///end",
    "https://op.example/end\nX-Header: y",
    "https://op.example/e nd",
    " https://op.example/end",
    "https://op.example:port/end",
)


@pytest.mark.parametrize(
    "document", [{}, *({"end_session_endpoint": found} for found in UNUSABLE)], ids=repr
)
def test_provider_without_a_logout_page(user: Any, settings: Any, document: Any) -> None:
    """RPI-1: the user logs out here, and is told the rest. So it is while the provider is down."""
    ProviderMetadata.objects.update(document=document)
    settings.LOGOUT_REDIRECT_URL = None
    browser = log_in(user)
    page = browser.post(LOGOUT).content.decode()
    assert "You are still logged in at Example ID." in page
    assert who(browser) == [""]


@pytest.mark.parametrize("query", ["", "?x=1"])
def test_logout_page_with_a_fragment(user: Any, query: str) -> None:
    """The parameters belong before it, or the provider never gets them."""
    ProviderMetadata.objects.update(document={"end_session_endpoint": f"{ISSUER}/end{query}#top"})
    url = log_in(user, id_token=RAW).post(LOGOUT)["Location"]
    assert (query_of(url)["id_token_hint"], urlsplit(url).fragment) == (RAW, "")


def test_insecure_logout_page_is_not_used(user: Any, set_provider: Any) -> None:
    """Unless the network is trusted."""
    ProviderMetadata.objects.update(document={"end_session_endpoint": "http://op.example/end"})
    assert log_in(user).post(LOGOUT)["Location"].startswith("http://op.example/end")
    set_provider(ALLOW_PRIVATE=False)
    assert log_in(user).post(LOGOUT)["Location"] == "/"


def test_warning_after_a_redirect(user: Any) -> None:
    """As a message, and in JSON."""
    ProviderMetadata.objects.update(document={})
    browser = log_in(user)
    response = browser.post(LOGOUT)
    assert response["Location"] == "/"
    assert b"still logged in at Example ID" in browser.get("/messages/").content
    response = log_in(user).post(LOGOUT, headers={"Accept": "application/json"})
    assert response.json()["detail"] == "You are still logged in at Example ID."


def test_choice(user: Any, set_provider: Any) -> None:
    """The question offers it where the project wants it; ``provider=no`` stays here."""
    browser = log_in(user)
    assert b'name="provider"' not in browser.get(LOGOUT).content
    set_provider(CHOICE=True)
    assert b'name="provider"' in browser.get(LOGOUT).content
    plain = Client()
    plain.force_login(user)
    assert b'name="provider"' not in plain.get(LOGOUT).content
    assert browser.post(LOGOUT, {"provider": "no"})["Location"] == "/"


def test_link_of_a_provider_that_is_not_configured(user: Any, settings: Any) -> None:
    """It was once."""
    browser = log_in(user)
    settings.LOGOUT = {}
    assert browser.get(LOGOUT).status_code == 200
    assert browser.post(LOGOUT)["Location"] == "/"


def test_failure_does_not_keep_the_user_logged_in(user: Any, caplog: Any) -> None:
    """Design law 4."""
    browser = log_in(user)
    with mock.patch.object(rp_initiated.metadata, "find_document", side_effect=RuntimeError("x")):
        assert browser.post(LOGOUT)["Location"] == "/"
    assert who(browser) == [""]
    assert "Where to go after logging out could not be found out." in caplog.text
