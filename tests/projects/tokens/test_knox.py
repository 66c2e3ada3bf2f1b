"""What revokes tokens of Knox, and what does not."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from knox.models import get_token_model

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from django_logout.revokers.knox import KnoxRevoker
from django_logout.revokers.runner import credentials
from django_logout.testing import RevokerContract
from tests.clients import LOGOUT, logged_in_as
from tests.projects import knox_client
from tests.projects.knox_client import call, obtain, works

pytestmark = pytest.mark.django_db(transaction=True)


def test_everywhere_revokes(user: Any, other: Any) -> None:
    """F30: on every device; no other user's."""
    mine, phone, theirs = obtain(), obtain(), obtain("bob")
    result = end_sessions(Target.user(user))
    assert [works(token) for token in (mine, phone, theirs)] == [False, False, True]
    assert dict(result.ended) == {"knox_token": 2}


def test_password_change_revokes(user: Any) -> None:
    """F30."""
    token = obtain()
    user.set_password("new")
    user.save()
    assert not works(token)


def test_program_login_creates_no_session(user: Any) -> None:
    """Although Knox sends Django's signal for a login, no session was written."""
    token = obtain()
    assert not LoginSession.objects.exists()
    assert call(token).cookies == {}


def test_obtaining_token_is_no_recent_login(ann: Client, other: Any) -> None:
    """Otherwise the thief of a session could skip the password; and the session does not become
    bob's."""
    then = timezone.now() - timedelta(days=1)
    LoginSession.objects.update(authenticated_at=then)
    ann.post("/api/knox/login/")
    basic = b64encode(b"bob:pw").decode()
    ann.post("/api/knox/login/", headers={"Authorization": f"Basic {basic}"})
    assert [row.authenticated_at for row in LoginSession.objects.all()] == [then]
    assert logged_in_as(ann) == "ann"


def last_page(get_response: Any) -> Any:
    """A middleware that writes the session, as many projects have one."""

    def middleware(request: HttpRequest) -> Any:
        request.session["last_page"] = request.path
        return get_response(request)

    return middleware


def test_obtaining_token_is_no_recent_login_where_session_is_written(
    ann: Client, settings: Any
) -> None:
    """A middleware writes the session in the same request."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.last_page"]
    then = timezone.now() - timedelta(days=1)
    LoginSession.objects.update(authenticated_at=then)
    assert ann.post("/api/knox/login/").status_code == 200
    assert LoginSession.objects.get().authenticated_at == then


def test_logout_revokes_tokens_of_session(ann: Client, user: Any) -> None:
    """Those of another browser, and of a program, still work."""
    elsewhere = Client()
    elsewhere.force_login(user)
    program = obtain()
    mine, theirs = (client.post("/api/knox/login/").json()["token"] for client in (ann, elsewhere))
    ann.post(LOGOUT)
    assert [works(token) for token in (mine, theirs, program)] == [False, True, True]
    assert [logged_in_as(client) for client in (ann, elsewhere)] == ["", "ann"]


def test_knox_logout_all_leaves_browsers_logged_in(ann: Client, user: Any) -> None:
    """F32: Knox revokes its tokens only; our "everywhere" ends the session too."""
    token, phone = obtain(), obtain()
    assert call(token, "logout-all/").status_code == 204
    assert not works(phone)
    assert logged_in_as(ann) == "ann"
    end_sessions(Target.user(user))
    assert logged_in_as(ann) == ""


@pytest.mark.parametrize("path", ["logout/", "logout-all/"])
@pytest.mark.parametrize("name", ["ann", "bob"])
def test_knox_logout_leaves_the_session_beside_the_token(
    ann: Client, other: Any, engine: str, path: str, name: str
) -> None:
    """The browser presents both, of one user or of two, and Knox sends Django's signal."""
    token, browser = obtain(), Client()
    browser.post("/login/", {"username": name, "password": "pw"})
    assert call(token, path, browser).status_code == 204
    assert (works(token), logged_in_as(browser)) == (False, name)


def test_token_is_listed_until_it_expires(user: Any) -> None:
    """The list contains no part of the token. Knox deletes the row later."""
    token = obtain()
    row = get_token_model().objects.get()
    (found,) = credentials(user)
    assert (found.kind, found.created_at, found.expires_at) == (
        "knox_token",
        row.created,
        row.expiry,
    )
    assert not [part for part in (token[:8], row.digest, row.token_key) if part in repr(found)]
    row.expiry = timezone.now() - timedelta(seconds=1)
    row.save()
    assert (credentials(user), end_sessions(Target.user(user)).ended) == ([], {})


class TestContract(RevokerContract):
    """The contract of every revoker."""

    revoker = KnoxRevoker

    def make(self, user: Any) -> str:
        return obtain(user.get_username())

    def make_in_session(self, client: Client) -> str:
        return str(client.post("/api/knox/login/").json()["token"])

    def make_many(self, user: Any, number: int) -> None:
        knox_client.make_many(user, number)

    def works(self, credential: str) -> bool:
        return works(credential)

    def secrets(self, credential: str) -> list[str]:
        row = get_token_model().objects.filter(token_key=credential[:15]).first()
        return [credential[:10], *([row.digest] if row else [])]
