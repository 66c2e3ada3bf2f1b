"""F20: a tab opened before logging out and in again elsewhere met a 403 and stayed logged in.

The whole table: every configuration of the token, times every proof that a browser can send.
"""

from itertools import product
from typing import Any

import pytest
from django.test import Client

from tests.clients import LOGOUT, csrf_token, logged_in_as

pytestmark = pytest.mark.django_db

SITES = ("same-origin", "same-site", "cross-site", "none", None)
ORIGINS = ("own", "sibling", "other scheme", "null", None)
REFERERS = ("own", "other", None)
TOKENS = ("fresh", "stale", "absent", "no cookie")


def headers(secure: bool, site: str | None, origin: str | None, referer: str | None) -> Any:
    """What a browser sends for one row of the table."""
    scheme, wrong = ("https", "http") if secure else ("http", "https")
    own = f"{scheme}://testserver"
    origins = {
        "own": own,
        "sibling": f"{scheme}://evil.testserver",
        "other scheme": f"{wrong}://testserver",
        "null": "null",
    }
    referers = {"own": f"{own}/page/", "other": f"{scheme}://evil.example/"}
    sent = {
        "Sec-Fetch-Site": site,
        "Origin": origins.get(origin or ""),
        "Referer": referers.get(referer or ""),
    }
    return {name: value for name, value in sent.items() if value is not None}


def accepted(
    secure: bool, token: str, site: str | None, origin: str | None, referer: str | None
) -> bool:
    """The rule, said independently of the code: Django's token check, or the browser's word."""
    by_browser = site == "same-origin" or (site is None and origin == "own")
    place = origin == "own" if origin else (referer == "own" or not secure)
    return by_browser or (token == "fresh" and place)


def open_tab(client: Client, secure: bool) -> str:
    """Log in, and open a page with the log-out form; returns its token."""
    page = client.get("/login/", secure=secure)
    given = {"username": "ann", "password": "pw", "csrfmiddlewaretoken": csrf_token(page)}
    own = headers(secure, None, "own", None)
    assert client.post("/login/", given, secure=secure, headers=own).status_code == 302
    return csrf_token(client.get(LOGOUT, secure=secure))


def send(client: Client, secure: bool, token: str, value: str, sent: dict[str, str]) -> Any:
    """The POST of the old tab."""
    if token == "no cookie":
        client.cookies.pop("csrftoken", None)
    data = {} if token == "absent" else {"csrfmiddlewaretoken": value}
    return client.post(LOGOUT, data, secure=secure, headers=sent)


def prepared(secure: bool, token: str) -> tuple[Client, str]:
    """Return a browser that is logged in, and the token its old tab holds."""
    client = Client(enforce_csrf_checks=True)
    value = open_tab(client, secure)
    if token == "stale":  # the other tab logs out and in again
        own = headers(secure, "same-origin", "own", None)
        client.post(LOGOUT, {"csrfmiddlewaretoken": value}, secure=secure, headers=own)
        open_tab(client, secure)
    return client, value


@pytest.mark.parametrize(
    ("use_sessions", "token"),
    [*product([False], TOKENS), *product([True], TOKENS[:-1])],  # no cookie, where there is one
)
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_who_is_logged_out(
    user: Any, settings: Any, use_sessions: bool, secure: bool, token: str
) -> None:
    """A valid token or the browser's own word logs out; nothing else ever does."""
    settings.CSRF_USE_SESSIONS = use_sessions
    client, value = prepared(secure, token)

    for row in product(SITES, ORIGINS, REFERERS):
        response = send(client, secure, token, value, headers(secure, *row))

        if accepted(secure, token, *row):
            assert (response.status_code, logged_in_as(client)) == (200, ""), row
            client, value = prepared(secure, token)
        else:
            assert (response.status_code, logged_in_as(client)) == (403, "ann"), row


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_reading_never_logs_out(user: Any, method: str, site: str | None) -> None:
    """A link, an image, a prefetch: whatever the browser says of it, it only asks."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)

    sent = headers(False, site, "own", "own") | {"Sec-Fetch-Dest": "image"}
    assert getattr(client, method)(LOGOUT, headers=sent).status_code == 200

    assert logged_in_as(client) == "ann"


@pytest.mark.parametrize("use_sessions", [False, True], ids=["cookie", "session"])
def test_without_proof_the_user_is_asked_and_the_next_click_works(
    user: Any, settings: Any, use_sessions: bool
) -> None:
    """A 403 is no dead end: it is the question, with a token that is fresh."""
    settings.CSRF_USE_SESSIONS = use_sessions
    client, stale = prepared(False, "stale")

    page = client.post(LOGOUT, {"csrfmiddlewaretoken": stale})
    assert page.status_code == 403

    assert client.post(LOGOUT, {"csrfmiddlewaretoken": csrf_token(page)}).status_code == 200
    assert logged_in_as(client) == ""


def test_the_tab_of_a_session_that_is_over_already_is_calm(user: Any, settings: Any) -> None:
    """With CSRF_USE_SESSIONS even a second click after a plain logout met the 403."""
    settings.CSRF_USE_SESSIONS = True
    client, value = prepared(False, "fresh")
    own = headers(False, "same-origin", "own", None)

    for _ in range(2):
        response = client.post(LOGOUT, {"csrfmiddlewaretoken": value}, headers=own)
        assert response.status_code == 200
