"""What revokes tokens of REST framework, and what does not."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from django_logout import Target, end_sessions
from django_logout.models import CredentialBinding, LoginSession, LogoutEvent
from django_logout.revokers.drf_token import DrfTokenRevoker
from django_logout.revokers.runner import credentials
from django_logout.testing import RevokerContract, interleave
from tests.clients import LOGOUT, copy_of, logged_in_as
from tests.projects.drf_client import obtain, works

pytestmark = pytest.mark.django_db(transaction=True)


def test_everywhere_revokes(user: Any, other: Any) -> None:
    """F30: and no other user's token."""
    mine, theirs = obtain(), obtain("bob")
    result = end_sessions(Target.user(user))
    assert (works(mine), works(theirs)) == (False, True)
    assert (dict(result.ended), result.event and result.event.outcomes["drf_token"]) == (
        {"drf_token": 1},
        {"ended": 1, "error": ""},
    )


def test_password_change_revokes(user: Any) -> None:
    """F30."""
    token = obtain()
    user.set_password("new")
    user.save()
    assert not works(token)


def test_browser_logout_spares_program(ann: Client) -> None:
    """The program logged in outside of this browser."""
    token = obtain()
    ann.post(LOGOUT)
    assert works(token)


def test_token_of_session_ends_with_it(ann: Client, user: Any) -> None:
    """Another browser's logout leaves it alone."""
    elsewhere = Client()
    elsewhere.force_login(user)
    token = ann.post("/api/my-token/").json()["token"]
    elsewhere.post(LOGOUT)
    assert works(token)
    answer = ann.post(LOGOUT, headers={"Accept": "application/json"})
    assert answer.json()["ended"] == {"session": 1, "drf_token": 1}
    assert not works(token)


def test_token_obtained_during_ending_is_revoked(ann: Client, user: Any) -> None:
    """The session ends in the middle of the request."""
    session = Target.session(LoginSession.objects.get().pk)
    path = "rest_framework.authtoken.models.Token.save"
    with interleave(ann, lambda: end_sessions(session), before=path):
        ann.post("/api/my-token/")
    assert not Token.objects.exists()


def test_interleave_with_api_client(user: Any) -> None:
    """``interleave`` holds REST framework's test client, whose forced authentication is kept."""
    client, seen = APIClient(), []
    client.force_authenticate(user)
    with interleave(client, lambda: seen.append(True)):
        answer = client.post("/api/my-token/")
    assert (answer.status_code, seen) == (200, [True])


def test_end_others_spares_token_of_session(ann: Client, user: Any) -> None:
    """It was obtained in the session that stays."""
    token = ann.post("/api/my-token/").json()["token"]
    ann.post("/accounts/sessions/end-others/")
    assert works(token)


def test_exempt_credentials_are_spared(user: Any, settings: Any) -> None:
    """The result names them; ``including_api_keys()`` revokes them."""
    settings.LOGOUT = {"EXEMPT_CREDENTIALS": ["drf_token"]}
    token = obtain()
    result = end_sessions(Target.user(user))
    assert works(token)
    assert (dict(result.ended), dict(result.exempt)) == ({}, {"drf_token": 1})
    assert result.event is not None
    assert result.event.outcomes["drf_token"] == {"ended": 0, "error": "", "exempt": 1}
    result = end_sessions(Target.user(user).including_exempt())
    assert not works(token)
    assert dict(result.exempt) == {}


def test_revoke_one_by_id(user: Any, other: Any) -> None:
    """The id reveals nothing of the token, and works for its owner only."""
    token = obtain()
    (found,) = credentials(user)
    assert token not in repr(found)
    assert dict(end_sessions(Target.credential(other, found.id)).ended) == {}
    assert works(token)
    result = end_sessions(Target.credential(user, found.id))
    assert (dict(result.ended), works(token)) == ({"drf_token": 1}, False)
    assert LogoutEvent.objects.get().user == user
    assert end_sessions(Target.credential(user, found.id)).event is None


def test_request_names_its_credential(ann: Client, user: Any) -> None:
    """A program can ask to revoke its own token; a browser has none."""
    token = obtain()
    answer = Client().get("/api/who/", headers={"Authorization": f"Token {token}"})
    (found,) = credentials(user)
    assert answer.json()["credential"] == str(found.id)
    assert ann.get("/api/who/").json()["credential"] is None


def test_everyone_revokes(user: Any, other: Any) -> None:
    """The tokens of all users."""
    tokens = [obtain(), obtain("bob")]
    end_sessions(Target.everyone())
    assert [works(token) for token in tokens] == [False, False]


def test_fixture_token_is_not_bound(ann: Client, user: Any) -> None:
    """It may be half loaded."""
    Token(user=user, key="k", created=timezone.now()).save_base(raw=True)
    assert not CredentialBinding.objects.exists()


class TestContract(RevokerContract):
    """The contract of every revoker."""

    revoker = DrfTokenRevoker
    one_per_user = True
    many = 2

    def make(self, user: Any) -> str:
        return obtain(user.get_username())

    def make_in_session(self, client: Client) -> str:
        return str(client.post("/api/my-token/").json()["token"])

    def works(self, credential: str) -> bool:
        return works(credential)


def test_giving_a_token_back_ends_no_session(user: Any, other: Any, engine: str) -> None:
    """Not even that of another user in the same browser."""
    browser, token = Client(), obtain()
    browser.force_login(other)
    headers = {"Authorization": f"Token {token}"}
    assert browser.post("/api/token/logout/", headers=headers).status_code == 200
    assert (works(token), logged_in_as(browser)) == (False, "bob")
    assert not LogoutEvent.objects.exists()


def test_djangos_logout_with_a_token_ends_the_session_that_it_empties(
    user: Any, other: Any, engine: str
) -> None:
    """Django flushes the session of the browser, of whatever user. The event says who did it."""
    browser, token = Client(), obtain()
    browser.force_login(other)
    copied = copy_of(browser)
    headers = {"Authorization": f"Token {token}"}
    assert browser.post("/api/token/logout-with-session/", headers=headers).status_code == 200
    assert [logged_in_as(client) for client in (browser, copied)] == ["", ""]
    event = LogoutEvent.objects.get()
    assert (event.reason, event.actor, event.user) == ("user", user, other)
