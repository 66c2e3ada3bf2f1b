"""Sessions and tokens in one list: the page, its JSON, and its buttons."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.authtoken.models import Token

from django_logout.models import LoginSession
from django_logout.revokers.runner import credentials
from tests.clients import (
    EVERYWHERE,
    JSON,
    LOGOUT,
    OTHERS,
    SELECTED,
    SESSIONS,
    Page,
    age,
    browser,
    end_url,
    id_of,
    listed,
    logged_in_as,
    notices,
)
from tests.projects import drf_client, knox_client, oauth_client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here(user: Any) -> Client:
    """Return a browser that has just logged in."""
    return browser(user)


@pytest.fixture
def tokens(user: Any) -> list[str]:
    """Return tokens of two libraries."""
    return [drf_client.obtain(), knox_client.obtain()]


def works(tokens: list[str]) -> list[bool]:
    """Return which of the tokens work."""
    return [drf_client.works(tokens[0]), knox_client.works(tokens[1])]


def test_json_entries_have_same_keys(here: Client, tokens: list[str], user: Any) -> None:
    """Sessions come first; no part of a token is shown."""
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
        "device": "API token shared by all your apps",
        "kind": "drf_token",
    }
    assert others[1]["kind"] == "knox_token"
    assert not [token for token in tokens if token[:8].encode() in answer.content]


def test_page_names_kinds(here: Client, tokens: list[str]) -> None:
    """In words, also where a time is unknown or never comes."""
    oauth_client.log_in(here)
    page = Page(here.get(SESSIONS))
    assert "Photo printer Connected app" in page.text
    assert "API token App" in page.text
    assert page.text.count("never") == 2  # REST framework's token, and what can be refreshed.
    labels = [link.get("aria-label") for link in page.all("a")]
    assert "End the login of Photo printer" in labels
    assert "End all other sessions and app logins" in page.text


def test_page_shows_unknown_kind_by_name(here: Client, user: Any) -> None:
    """No plug-in says what it is called."""
    later = timezone.now() + timedelta(1)
    LoginSession.objects.create(user=user, kind="card", device="curl", expires_at=later)
    page = Page(here.get(SESSIONS))
    assert "curl card" in page.text
    assert "End the login of curl" in [link.get("aria-label") for link in page.all("a")]


def test_page_without_tokens_mentions_none(here: Client) -> None:
    """As where no such app is installed."""
    browser_of_hers = Page(here.get(SESSIONS))
    assert "app login" not in browser_of_hers.text
    assert "API" not in browser_of_hers.text


@pytest.mark.parametrize("number", [1, 1000])
def test_page_query_count(
    here: Client, user: Any, number: int, settings: Any, django_assert_num_queries: Any
) -> None:
    """Three beside Django's own two, with one app that has tokens, however many there are."""
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


def test_pagination_lists_sessions_first(here: Client, user: Any) -> None:
    """Each entry appears exactly once."""
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


def test_button_revokes_one_token(here: Client, tokens: list[str], user: Any) -> None:
    """By the URL that ends sessions; a notice says so."""
    knox_id = next(found.id for found in credentials(user) if found.kind == "knox_token")
    answer = here.post(end_url(knox_id), follow=True)
    assert notices(answer) == ["Logged out: API token."]
    assert works(tokens) == [True, False]
    assert here.post(end_url(knox_id), headers=JSON).status_code == 404
    assert logged_in_as(here) == "ann"


def test_question_names_tokens(here: Client, tokens: list[str], user: Any) -> None:
    """Before one ends, before several, and before all others."""
    ids = [str(found.id) for found in credentials(user)]
    one = Page(here.get(end_url(ids[0])))
    assert "End this app login?" in one.text
    assert "API token shared by all your apps" in one.text
    assert "logged out there" not in one.text
    several = Page(here.get(SELECTED, {"session": ids}))
    assert "End the selected sessions and app logins?" in several.text
    others = Page(here.get(OTHERS))
    assert "End all other sessions and app logins?" in others.text
    assert "unless they were made in this session" in others.text
    assert works(tokens) == [True, True]


def test_sessions_and_tokens_are_selected_together(
    here: Client, tokens: list[str], user: Any
) -> None:
    """One message for all; the tokens of another user are not among them."""
    phone = browser(user)
    ids = [id_of(phone), *(str(found.id) for found in credentials(user))]
    answer = here.post(SELECTED, {"session": ids}, follow=True)
    assert notices(answer) == ["Sessions ended: 1. App logins ended: 2."]
    assert works(tokens) == [False, False]
    assert logged_in_as(phone) == ""


def test_others_keeps_api_keys_and_says_so(here: Client, tokens: list[str], settings: Any) -> None:
    """The question does not list what will stay."""
    settings.LOGOUT = {"EXEMPT_CREDENTIALS": ["drf_token", "knox_token"]}
    page = Page(here.get(OTHERS))
    assert "End all other sessions?" in page.text
    assert "API keys are kept unless you end them individually." in page.text
    assert "API token" not in page.text


def test_tokens_of_one_name_are_one_group(here: Client, user: Any) -> None:
    """With their number, on each page."""
    knox_client.make_many(user, 30)
    groups = here.get(SESSIONS).context["groups"]
    assert [(group.first["icon"], len(group.rows), group.total) for group in groups] == [
        ("app", 20, 30)
    ]


def test_foreign_and_unknown_ids_get_404(tokens: list[str], user: Any, other: Any) -> None:
    """The tokens still work."""
    theirs = browser(other)
    for found in (*(token.id for token in credentials(user)), uuid4()):
        assert theirs.post(end_url(found), headers=JSON).status_code == 404
    assert works(tokens) == [True, True]


def test_revoking_needs_recent_login(here: Client, tokens: list[str], user: Any) -> None:
    """As ending a session does."""
    age(3600)
    found = credentials(user)[0]
    assert here.post(end_url(found.id), headers=JSON).status_code == 403
    assert works(tokens) == [True, True]


def test_others_and_everywhere_revoke_tokens(here: Client, tokens: list[str]) -> None:
    """ "The others" spares a token that was obtained in this session."""
    mine = here.post("/api/knox/login/").json()["token"]
    answer = here.post(OTHERS, follow=True)
    assert notices(answer) == ["App logins ended: 2."]
    assert works(tokens) == [False, False]
    assert knox_client.works(mine)
    here.post(EVERYWHERE)
    assert not knox_client.works(mine)


def test_exempt_credentials_are_shown_and_stay(
    here: Client, tokens: list[str], settings: Any
) -> None:
    """The page says so before and after."""
    settings.LOGOUT = {"EXEMPT_CREDENTIALS": ["drf_token"]}
    page = Page(here.get(SESSIONS))
    assert "API token shared by all your apps API key" in page.text
    assert "API keys are kept unless you end them individually." in page.text
    answer = here.post(OTHERS, follow=True)
    assert notices(answer) == ["App logins ended: 1. API keys kept: 1."]
    assert works(tokens) == [True, False]


def test_button_text_with_only_exempt_credentials(here: Client, user: Any, settings: Any) -> None:
    """The button still mentions sessions only."""
    settings.LOGOUT = {"EXEMPT_CREDENTIALS": ["drf_token"]}
    token = drf_client.obtain()
    browser(user)
    assert "End all other sessions" in Page(here.get(SESSIONS)).text
    here.post(end_url(credentials(user)[0].id))
    assert not drf_client.works(token)


def test_user_without_session_can_revoke_tokens(user: Any, settings: Any) -> None:
    """A proxy authenticates the user."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.clients.logged_in_by_header"]
    token = drf_client.obtain()
    client = Client(headers={"X-User": "ann"})
    assert [entry["kind"] for entry in listed(client)] == ["drf_token"]
    settings.LOGOUT = {"REAUTHENTICATION_AGE": None}
    assert client.post(end_url(listed(client)[0]["id"]), headers=JSON).json()["ended"] == {
        "drf_token": 1
    }
    assert not drf_client.works(token)


def test_ended_token_leaves_list(here: Client, user: Any) -> None:
    """Another browser logs out."""
    gone = browser(user)
    gone.post("/api/knox/login/")
    assert len(listed(here)) == 3
    gone.post(LOGOUT)
    assert [entry["id"] for entry in listed(here)] == [id_of(here)]
