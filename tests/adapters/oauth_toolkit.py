"""What ends logins of applications by django-oauth-toolkit, and what does not."""

from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import get_access_token_model

from django_logout import Target, end_sessions
from django_logout.revoking import credentials
from tests.adapters.oauth_client import (
    alive,
    application,
    approve,
    ask,
    log_in,
    redeem,
    renew,
    works,
)
from tests.pages import LOGOUT

pytestmark = pytest.mark.django_db(transaction=True)

ALL = ["access_token", "id_token", "refresh_token"]


@pytest.fixture
def elsewhere(user: Any) -> Client:
    """Another browser of hers."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bob(other: Any) -> Client:
    """Somebody else's."""
    client = Client()
    client.force_login(other)
    return client


def test_everywhere_ends_all_that_was_issued(ann: Client, elsewhere: Client, bob: Client) -> None:
    """F30: on every device; nobody else's."""
    mine, phone, theirs = (log_in(client, scope="openid read") for client in (ann, elsewhere, bob))
    code = approve(ann)
    user = ann.get("/").wsgi_request.user
    result = end_sessions(Target.user(user))
    assert dict(result.ended) == {"session": 2, "oauth_token": 2}
    assert [alive(tokens) for tokens in (mine, phone, theirs)] == [[], [], ALL]
    assert redeem(code).status_code == 400


def test_changed_password_ends_it(user: Any, ann: Client) -> None:
    """F30."""
    tokens = log_in(ann)
    user.set_password("new")
    user.save()
    assert alive(tokens) == []


def test_logging_out_here_ends_what_was_approved_here(
    ann: Client, elsewhere: Client, bob: Client
) -> None:
    """What came of the code, however often it was renewed since; a code that nobody has
    redeemed; and nothing that was approved elsewhere, by the same application."""
    mine, theirs, others = log_in(ann, scope="openid read"), log_in(elsewhere), log_in(bob)
    renewed = renew(renew(mine).json()).json()
    code = approve(ann)
    answer = ann.post(LOGOUT, headers={"Accept": "application/json"})
    assert answer.json()["ended"] == {"session": 1, "oauth_token": 1}
    assert [alive(tokens) for tokens in (mine, renewed)] == [[], []]
    assert redeem(code).status_code == 400
    assert "refresh_token" in alive(theirs)
    assert "refresh_token" in alive(others)


def test_a_used_refresh_token_does_not_bring_the_login_back(ann: Client) -> None:
    """F31: the client's last known token was rotated; its child ends with it."""
    tokens = log_in(ann)
    child = renew(tokens).json()
    ann.post(LOGOUT)
    assert [alive(found) for found in (tokens, child)] == [[], []]
    assert works(child["access_token"]) is False


@pytest.mark.filterwarnings("ignore:The OAuth 2.0 implicit grant:DeprecationWarning")
@pytest.mark.parametrize("kind", ["token", "id_token"])
def test_given_away_in_the_browser_it_ends_with_the_session(
    ann: Client, elsewhere: Client, kind: str
) -> None:
    """Without a code: an access token, or an ID token (which lets in, too)."""
    how = {"kind": kind, "scope": "openid", "name": "Old page", "grant": "implicit"}
    mine, theirs = approve(ann, **how), approve(elsewhere, **how)
    assert works(mine)
    ann.post(LOGOUT)
    assert (works(mine), works(theirs)) == (False, True)


def test_what_may_go_on_without_the_user_goes_on(ann: Client, user: Any) -> None:
    """OpenID Connect: offline_access outlives the session; not everywhere."""
    tokens = log_in(ann, scope="read offline_access")
    ann.post(LOGOUT)
    tokens = renew(tokens).json()
    assert works(tokens["access_token"])
    end_sessions(Target.user(user))
    assert alive(tokens) == []


def test_the_others_end_without_those_of_this_session(ann: Client, elsewhere: Client) -> None:
    """What was approved here stays, ID token too."""
    mine, theirs = (log_in(client, scope="openid read") for client in (ann, elsewhere))
    ann.post("/accounts/sessions/end-others/")
    assert [alive(tokens) for tokens in (mine, theirs)] == [ALL, []]


def test_one_login_of_one_application(ann: Client, user: Any, other: Any) -> None:
    """By its id: all of it, renewed or not; the same application's other login stays, with its
    ID token."""
    mine = log_in(ann, scope="openid read")
    (found,) = credentials(user)
    second, third = log_in(ann, scope="openid read"), log_in(ann, name="Calendar")
    renewed = renew(mine).json()
    assert sorted(login.label for login in credentials(user)) == [
        "Calendar",
        "Photo printer",
        "Photo printer",
    ]
    assert found.id in {login.id for login in credentials(user)}  # renewed, it is the same
    assert dict(end_sessions(Target.credential(other, found.id)).ended) == {}
    result = end_sessions(Target.credential(user, found.id))
    assert dict(result.ended) == {"oauth_token": 1}
    assert [alive(tokens) for tokens in (mine, renewed)] == [[], []]
    assert alive(second) == ALL
    assert alive(third, name="Calendar") == ["access_token", "refresh_token"]


def test_an_application_of_its_own_is_nobodys_login(user: Any) -> None:
    """Tokens of machines have no user; they end for no user's sake."""
    application("Robot", "client-credentials")
    token = ask("client_credentials", name="Robot").json()["access_token"]
    end_sessions(Target.everyone())
    assert get_access_token_model().objects.get().token == token


def test_everyone(ann: Client, bob: Client) -> None:
    """All users'."""
    tokens = [log_in(ann), log_in(bob)]
    assert end_sessions(Target.everyone()).ended["oauth_token"] == 2
    assert [alive(found) for found in tokens] == [[], []]
