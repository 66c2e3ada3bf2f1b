"""Sessions and tokens in one list: the page, its JSON, and the buttons."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.authtoken.models import Token

from django_logout.models import LoginSession
from django_logout.revokers.runner import credentials
from tests.browsers import (
    EVERYWHERE,
    JSON,
    OTHERS,
    SESSIONS,
    age,
    browser,
    end_url,
    id_of,
    listed,
    said,
)
from tests.pages import LOGOUT, Page, signed_in
from tests.projects import drf_client, knox_client, oauth_client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here(user: Any) -> Client:
    """A browser that has just logged in."""
    return browser(user)


@pytest.fixture
def tokens(user: Any) -> list[str]:
    """Of two libraries."""
    return [drf_client.obtain(), knox_client.obtain()]


def works(tokens: list[str]) -> list[bool]:
    """Which of them still let in."""
    return [drf_client.works(tokens[0]), knox_client.works(tokens[1])]


def test_json_has_the_same_keys_for_each(here: Client, tokens: list[str], user: Any) -> None:
    """Sessions first; no part of a token."""
    answer = here.get(SESSIONS, headers=JSON)
    session, *others = answer.json()["sessions"]
    assert (session["kind"], session["current"]) == ("session", True)
    assert [set(other) for other in others] == [set(session)] * 2
    row = Token.objects.get()
    assert others[0] == {
        "id": str(credentials(user)[0].id),
        "current": False,
        "created_at": f"{row.created:%Y-%m-%dT%H:%M:%S.%f}"[:23] + "Z",
        "last_seen_at": None,
        "expires_at": None,
        "ip_address": None,
        "device": "API token, shared by all your programs",
        "kind": "drf_token",
    }
    assert others[1]["kind"] == "knox_token"
    assert not [token for token in tokens if token[:8].encode() in answer.content]


def test_the_page_says_what_each_is(here: Client, tokens: list[str]) -> None:
    """In words; what is not known, or never comes, too."""
    oauth_client.log_in(here)
    page = Page(here.get(SESSIONS))
    assert "Photo printer Application" in page.text
    assert "API token Program" in page.text
    assert page.text.count("never") == 2  # REST framework's, and what can be renewed
    labels = [button.get("aria-label") for button in page.all("button")]
    assert "End the login of Photo printer" in labels
    assert "End all others, programs too" in page.text


def test_a_login_session_of_tokens_shows_its_kind(here: Client, user: Any) -> None:
    """By its name, if nobody says what that is called."""
    later = timezone.now() + timedelta(1)
    LoginSession.objects.create(user=user, kind="card", device="curl", expires_at=later)
    page = Page(here.get(SESSIONS))
    assert "curl card" in page.text
    assert "End the login of curl" in [button.get("aria-label") for button in page.all("button")]


def test_without_tokens_nothing_is_said_of_them(here: Client) -> None:
    """As where no such app is installed."""
    browser_of_hers = Page(here.get(SESSIONS))
    assert "rogram" not in browser_of_hers.text
    assert "API" not in browser_of_hers.text


@pytest.mark.parametrize("number", [1, 1000])
def test_three_queries_beside_djangos_own(
    here: Client, user: Any, number: int, settings: Any, django_assert_num_queries: Any
) -> None:
    """With one app that has tokens, however many they are."""
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app not in {"knox", "oauth2_provider"}
    ]
    later = timezone.now() + timedelta(1)
    LoginSession.objects.bulk_create(
        LoginSession(user=user, expires_at=later) for _ in range(number)
    )
    drf_client.obtain()
    here.get(SESSIONS)
    with django_assert_num_queries(2 + 3):
        here.get(SESSIONS)


def test_they_come_after_the_sessions_on_whichever_page(here: Client, user: Any) -> None:
    """Nothing twice, nothing left out."""
    knox_client.make_many(user, 30)
    later = timezone.now() + timedelta(1)
    LoginSession.objects.bulk_create(LoginSession(user=user, expires_at=later) for _ in range(14))
    kinds, ids = [], set()
    for number in (1, 2, 3):
        answer = here.get(f"{SESSIONS}?page={number}", headers=JSON)
        assert ("Link" in answer) is (number < 3)
        kinds.append([entry["kind"] for entry in answer.json()["sessions"]])
        ids |= {entry["id"] for entry in answer.json()["sessions"]}
    assert [len(page) for page in kinds] == [20, 20, 5]
    assert kinds[0] == ["session"] * 15 + ["knox_token"] * 5
    assert len(ids) == 45


def test_a_button_ends_the_one_that_it_names(here: Client, tokens: list[str], user: Any) -> None:
    """By the URL that ends sessions; and says so."""
    knox_id = next(found.id for found in credentials(user) if found.kind == "knox_token")
    answer = here.post(end_url(knox_id), follow=True)
    assert said(answer) == ["Logins of programs ended: 1."]
    assert works(tokens) == [True, False]
    assert here.post(end_url(knox_id), headers=JSON).status_code == 404
    assert signed_in(here) == "ann"


def test_anothers_is_not_found(tokens: list[str], user: Any, other: Any) -> None:
    """Nor is what nobody has."""
    theirs = browser(other)
    for found in (*(token.id for token in credentials(user)), uuid4()):
        assert theirs.post(end_url(found), headers=JSON).status_code == 404
    assert works(tokens) == [True, True]


def test_who_logged_in_long_ago_logs_in_again_first(
    here: Client, tokens: list[str], user: Any
) -> None:
    """As for sessions."""
    age(3600)
    found = credentials(user)[0]
    assert here.post(end_url(found.id), headers=JSON).status_code == 403
    assert works(tokens) == [True, True]


def test_the_others_and_everywhere_mean_tokens_too(here: Client, tokens: list[str]) -> None:
    """As the buttons say; what was obtained in this session belongs to it."""
    mine = here.post("/api/knox/login/").json()["token"]
    answer = here.post(OTHERS, follow=True)
    assert said(answer) == ["Logins of programs ended: 2."]
    assert works(tokens) == [False, False]
    assert knox_client.works(mine)
    here.post(EVERYWHERE)
    assert not knox_client.works(mine)


def test_api_keys_are_called_so_and_stay(here: Client, tokens: list[str], settings: Any) -> None:
    """The page says it before, and after."""
    settings.LOGOUT = {"EXEMPT_CREDENTIALS": ["drf_token"]}
    page = Page(here.get(SESSIONS))
    assert "API token, shared by all your programs API key" in page.text
    assert "API keys stay, unless you end them one by one." in page.text
    answer = here.post(OTHERS, follow=True)
    assert said(answer) == ["Logins of programs ended: 1. API keys that stay: 1."]
    assert works(tokens) == [True, False]


def test_who_has_nothing_but_api_keys(here: Client, user: Any, settings: Any) -> None:
    """The button is still about sessions only."""
    settings.LOGOUT = {"EXEMPT_CREDENTIALS": ["drf_token"]}
    token = drf_client.obtain()
    browser(user)
    assert "End all other sessions" in Page(here.get(SESSIONS)).text
    here.post(end_url(credentials(user)[0].id))
    assert not drf_client.works(token)


def test_who_has_tokens_only(user: Any, settings: Any) -> None:
    """Signed in by a proxy, without a session."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.browsers.signed_in_by_header"]
    token = drf_client.obtain()
    client = Client(headers={"X-User": "ann"})
    assert [entry["kind"] for entry in listed(client)] == ["drf_token"]
    settings.LOGOUT = {"REAUTHENTICATION_AGE": None}
    assert client.post(end_url(listed(client)[0]["id"]), headers=JSON).json()["ended"] == {
        "drf_token": 1
    }
    assert not drf_client.works(token)


def test_ended_by_logging_out_it_is_gone_from_the_list(here: Client, user: Any) -> None:
    """Of another browser."""
    gone = browser(user)
    gone.post("/api/knox/login/")
    assert len(listed(here)) == 3
    gone.post(LOGOUT)
    assert [entry["id"] for entry in listed(here)] == [id_of(here)]
