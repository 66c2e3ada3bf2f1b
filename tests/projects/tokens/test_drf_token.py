"""What ends tokens of REST framework, and what does not."""

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
from tests.pages import LOGOUT
from tests.projects.drf_client import obtain, works

pytestmark = pytest.mark.django_db(transaction=True)


def test_everywhere_ends_it(user: Any, other: Any) -> None:
    """F30: and nobody else's."""
    mine, theirs = obtain(), obtain("bob")
    result = end_sessions(Target.user(user))
    assert (works(mine), works(theirs)) == (False, True)
    assert (dict(result.ended), result.event and result.event.outcomes["drf_token"]) == (
        {"drf_token": 1},
        {"ended": 1, "error": ""},
    )


def test_changed_password_ends_it(user: Any) -> None:
    """F30."""
    token = obtain()
    user.set_password("new")
    user.save()
    assert not works(token)


def test_logging_out_here_leaves_what_a_program_has_obtained(ann: Client) -> None:
    """It has nothing to do with this browser."""
    token = obtain()
    ann.post(LOGOUT)
    assert works(token)


def test_obtained_in_a_session_it_ends_with_it(ann: Client, user: Any) -> None:
    """With this one, not with another."""
    elsewhere = Client()
    elsewhere.force_login(user)
    token = ann.post("/api/my-token/").json()["token"]
    elsewhere.post(LOGOUT)
    assert works(token)
    answer = ann.post(LOGOUT, headers={"Accept": "application/json"})
    assert answer.json()["ended"] == {"session": 1, "drf_token": 1}
    assert not works(token)


def test_obtained_while_the_session_ends_it_does_not_outlive_it(ann: Client, user: Any) -> None:
    """The request is in flight; the session ends in the middle of it."""
    session = Target.session(LoginSession.objects.get().pk)
    path = "rest_framework.authtoken.models.Token.save"
    with interleave(ann, lambda: end_sessions(session), before=path):
        ann.post("/api/my-token/")
    assert not Token.objects.exists()


def test_a_client_of_the_frameworks_can_be_held_too(user: Any) -> None:
    """Its request is answered as whoever it was made."""
    client, seen = APIClient(), []
    client.force_authenticate(user)
    with interleave(client, lambda: seen.append(True)):
        answer = client.post("/api/my-token/")
    assert (answer.status_code, seen) == (200, [True])


def test_the_others_end_without_those_of_this_session(ann: Client, user: Any) -> None:
    """What this session has obtained stays."""
    token = ann.post("/api/my-token/").json()["token"]
    ann.post("/accounts/sessions/end-others/")
    assert works(token)


def test_api_keys_are_spared_unless_asked(user: Any, settings: Any) -> None:
    """And the result says so."""
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


def test_one_of_them_by_its_id(user: Any, other: Any) -> None:
    """Which tells nothing of the token, and serves its owner only."""
    token = obtain()
    (found,) = credentials(user)
    assert token not in repr(found)
    assert dict(end_sessions(Target.credential(other, found.id)).ended) == {}
    assert works(token)
    result = end_sessions(Target.credential(user, found.id))
    assert (dict(result.ended), works(token)) == ({"drf_token": 1}, False)
    assert LogoutEvent.objects.get().user == user
    assert end_sessions(Target.credential(user, found.id)).event is None


def test_a_request_is_let_in_by_one_of_those_listed(ann: Client, user: Any) -> None:
    """Programs can ask to end what they have themselves; a browser has none."""
    token = obtain()
    answer = Client().get("/api/who/", headers={"Authorization": f"Token {token}"})
    (found,) = credentials(user)
    assert answer.json()["credential"] == str(found.id)
    assert ann.get("/api/who/").json()["credential"] is None


def test_everyone(user: Any, other: Any) -> None:
    """All of them."""
    tokens = [obtain(), obtain("bob")]
    end_sessions(Target.everyone())
    assert [works(token) for token in tokens] == [False, False]


def test_of_a_fixture_nothing_is_tied(ann: Client, user: Any) -> None:
    """It may be half loaded."""
    Token(user=user, key="k", created=timezone.now()).save_base(raw=True)
    assert not CredentialBinding.objects.exists()


class TestContract(RevokerContract):
    """What every revoker keeps."""

    revoker = DrfTokenRevoker
    one_per_user = True
    many = 2

    def make(self, user: Any) -> str:
        return obtain(user.get_username())

    def make_in_session(self, client: Client) -> str:
        return str(client.post("/api/my-token/").json()["token"])

    def works(self, credential: str) -> bool:
        return works(credential)
