"""What a response deletes in the browser after a logout: the cookie, and the site's data."""

from typing import Any

import pytest
from django.contrib.auth import login
from django.contrib.auth import logout as djangos_logout
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout import Target, end_sessions, logout
from django_logout.exceptions import SessionNotEnded
from django_logout.policies import pending_login
from tests.clients import LOGOUT
from tests.outages import make_cache_unwritable
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

SECURE = {"Sec-Fetch-Site": "same-origin"}
KINDS = ["storage", "prefetchCache"]


@pytest.fixture
def clearing(settings: Any) -> None:
    """Something is to be cleared."""
    settings.LOGOUT = {"CLEAR_SITE_DATA": KINDS}


def cookie(response: Any) -> Any:
    """The session cookie as it is deleted."""
    found = response.cookies["sessionid"]
    assert (found.value, found["max-age"]) == ("", 0)
    return found


@pytest.mark.parametrize("path", [LOGOUT, "/plain-logout/"])
def test_the_cookie_is_deleted_as_it_was_set(ann: Client, settings: Any, path: str) -> None:
    """Or the browser would keep it."""
    settings.SESSION_COOKIE_DOMAIN = ".testserver"
    settings.SESSION_COOKIE_PATH = "/"
    settings.SESSION_COOKIE_SAMESITE = "Strict"
    settings.SESSION_COOKIE_SECURE = True

    found = cookie(ann.post(path, secure=True))

    assert (found["domain"], found["path"]) == (".testserver", "/")
    assert (found["samesite"], found["secure"]) == ("Strict", True)


def test_cookie_with_a_prefix_is_deleted(user: Any, settings: Any) -> None:
    """Browsers refuse a change of it that is not Secure."""
    settings.SESSION_COOKIE_NAME = "__Host-sessionid"
    settings.SESSION_COOKIE_SECURE = True
    client = Client()
    client.force_login(user)

    found = client.post(LOGOUT, secure=True).cookies["__Host-sessionid"]

    assert (found.value, found["max-age"], found["secure"]) == ("", 0, True)


PARTITIONED = {"SESSION_COOKIE_PARTITIONED": True}


@pytest.mark.parametrize("path", [LOGOUT, "/plain-logout/"])
def test_partitioned_cookie_is_deleted_as_partitioned(
    ann: Client, settings: Any, path: str
) -> None:
    """Otherwise the browser keeps it."""
    settings.LOGOUT = PARTITIONED

    assert cookie(ann.post(path)).output().count("; Partitioned") == 1


@pytest.mark.parametrize("known", [True, False], ids=["ended", "unknown"])
def test_partitioned_cookie_of_a_session_that_is_gone_is_deleted_too(
    ann: Client, user: Any, settings: Any, known: bool
) -> None:
    """``SessionMiddleware`` deletes it, without the attribute."""
    settings.LOGOUT = PARTITIONED
    if known:
        end_sessions(Target.user(user))
    else:
        ann.cookies["sessionid"] = "x" * 32

    assert cookie(ann.get("/private/")).output().count("; Partitioned") == 1


def test_pending_login_is_partitioned_like_the_session(settings: Any, user: Any) -> None:
    """In the frame of another site the browser would not send it back otherwise."""
    settings.LOGOUT = PARTITIONED | {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}
    Client().force_login(user)
    credentials = {"username": "ann", "password": "pw"}

    set_ = Client().post("/login/", credentials).cookies[pending_login.COOKIE]

    assert set_.value
    assert set_.output().count("; Partitioned") == 1


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_the_cookie_is_deleted_though_none_came(client: Client, accept: str) -> None:
    """It may be there all the same; and the change empties Chromium's memory of pages."""
    cookie(client.post(LOGOUT, headers={"Accept": accept}))


def test_asking_deletes_no_cookie(client: Client) -> None:
    """Only logging out does."""
    assert "sessionid" not in client.get(LOGOUT).cookies


def test_a_fresh_session_is_not_deleted(ann: Client, settings: Any) -> None:
    """What is kept lives in a new one, whose cookie replaces the old."""
    settings.LOGOUT = {"KEEP_SESSION_KEYS": ["count"]}
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = True
    ann.get("/write/")

    found = ann.post(LOGOUT).cookies["sessionid"]

    assert found.value
    assert (found["max-age"], found["expires"]) == ("", "")
    assert ann.session["count"] == 1


def cleared(response: Any) -> str:
    """What the browser is asked to clear."""
    return str(response.headers.get("Clear-Site-Data", ""))


WAYS = {
    "form": (LOGOUT, {}),
    "JSON": (LOGOUT, {"Accept": "application/json"}),
    "htmx": (LOGOUT + "?next=/", {"HX-Request": "true"}),
    "everywhere": ("/accounts/sessions/end-all/", {}),
    "Django's function": ("/plain-logout/", {}),
    "a view of the project's": (OUT, {}),
}


@pytest.mark.parametrize("way", WAYS)
def test_site_data_are_cleared_with_the_answer(
    clearing: None, ann: Client, settings: Any, way: str
) -> None:
    """However the browser logs out."""

    def view(request: HttpRequest) -> HttpResponse:
        end_sessions(Target.user(request.user), request=request)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)
    path, headers = WAYS[way]

    assert cleared(ann.post(path, headers=SECURE | headers)) == '"storage", "prefetchCache"'


async def test_site_data_are_cleared_under_asgi(clearing: None, user: Any) -> None:
    """The same under ASGI."""
    client = AsyncClient()
    await client.aforce_login(user)

    assert cleared(await client.post(LOGOUT, headers=SECURE))


def test_nothing_is_cleared_by_default(ann: Client) -> None:
    """It is the project's decision."""
    assert cleared(ann.post(LOGOUT, headers=SECURE)) == ""


@pytest.mark.parametrize(
    ("sent", "secure", "expected"), [({}, False, False), ({}, True, True), (SECURE, False, True)]
)
def test_it_is_sent_where_browsers_heed_it(
    clearing: None, ann: Client, sent: dict[str, str], secure: bool, expected: bool
) -> None:
    """Over HTTPS, also behind a proxy that Django does not know of, and on localhost."""
    assert bool(cleared(ann.post(LOGOUT, headers=sent, secure=secure))) is expected


def test_a_session_that_ended_elsewhere_is_cleared_when_the_browser_logs_out(
    clearing: None, ann: Client, user: Any
) -> None:
    """It is this browser's data all the same."""
    end_sessions(Target.user(user))

    assert cleared(ann.post(LOGOUT, headers=SECURE))


@pytest.mark.parametrize("path", ["/", "/private/", LOGOUT])
def test_other_answers_clear_nothing(clearing: None, ann: Client, user: Any, path: str) -> None:
    """Neither pages, nor the question, nor being turned away."""
    assert cleared(ann.get(path, headers=SECURE)) == ""

    end_sessions(Target.user(user))

    assert cleared(ann.get(path, headers=SECURE)) == ""


def test_ending_others_clears_nothing_here(clearing: None, ann: Client, user: Any) -> None:
    """This browser stays."""
    Client().force_login(user)

    assert cleared(ann.post("/accounts/sessions/end-others/", headers=SECURE)) == ""


def test_logging_out_by_get_clears_nothing(clearing: None, ann: Client, settings: Any) -> None:
    """A project's view that does so can be set off by any site; that must not delete data."""

    def view(request: HttpRequest) -> HttpResponse:
        djangos_logout(request)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    assert cleared(ann.get(OUT, headers=SECURE)) == ""


def test_login_after_the_logout_keeps_site_data(
    clearing: None, ann: Client, other: Any, settings: Any
) -> None:
    """What would be cleared is the new user's."""

    def view(request: HttpRequest) -> HttpResponse:
        logout(request)
        login(request, other)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    response = ann.post(OUT, headers=SECURE)

    assert (cleared(response), bool(response.cookies["sessionid"].value)) == ("", True)


def test_what_could_not_be_ended_clears_nothing(
    clearing: None, ann: Client, monkeypatch: Any
) -> None:
    """And keeps its cookie, so that the user can try again."""
    make_cache_unwritable(monkeypatch)

    response = ann.post(LOGOUT, headers=SECURE)

    assert (response.status_code, cleared(response)) == (503, "")
    assert "sessionid" not in response.cookies


def test_a_logout_that_fails_after_the_view_clears_nothing(
    clearing: None, ann: Client, settings: Any
) -> None:
    """The ending was in a transaction, and could not be finished after its commit."""

    def view(request: HttpRequest) -> HttpResponse:
        logout(request)
        raise SessionNotEnded

    settings.ROOT_URLCONF = routes(view)

    response = ann.post(OUT, headers=SECURE)

    assert (response.status_code, cleared(response)) == (503, "")
    assert "sessionid" not in response.cookies


def test_a_header_of_the_projects_own_stands(clearing: None, ann: Client, settings: Any) -> None:
    """It knows better."""

    def view(request: HttpRequest) -> HttpResponse:
        logout(request)
        return HttpResponse(headers={"Clear-Site-Data": '"cache"'})

    settings.ROOT_URLCONF = routes(view)

    assert cleared(ann.post(OUT, headers=SECURE)) == '"cache"'
