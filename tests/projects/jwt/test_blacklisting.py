"""A refresh token that is blacklisted by other code than this package's ends its login, wherever that is done."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from django_logout.models import LoginSession, LogoutEvent
from tests.clients import logged_in
from tests.outages import make_cache_unwritable
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)


def row(program: Program) -> OutstandingToken:
    """Return the row of a refresh token in the library's list."""
    return OutstandingToken.objects.get(token=program.refresh)


def by_library(program: Program) -> None:
    """The library's own method, in a task or a script."""
    RefreshToken(program.refresh).blacklist()


def by_view(program: Program) -> None:
    """A view of the project."""
    answer = Client().post("/jwt/own-logout/", {"refresh": program.refresh})
    assert answer.status_code == 205


def in_transaction(program: Program) -> None:
    """A view inside a transaction."""
    answer = Client().post("/jwt/atomic-logout/", {"refresh": program.refresh})
    assert answer.status_code == 205


def by_row(program: Program) -> None:
    """The usual loop over a user's tokens."""
    BlacklistedToken.objects.get_or_create(token=row(program))


def in_bulk(program: Program) -> None:
    """Many at once, for which Django sends no signals."""
    BlacklistedToken.objects.bulk_create([BlacklistedToken(token=row(program))])


WAYS = [by_library, by_view, in_transaction, by_row, in_bulk]


@pytest.mark.parametrize("blacklist", WAYS)
def test_every_way_ends_the_login(user: Any, settings: Any, engine: str, blacklist: Any) -> None:
    """Its access token is refused, and it takes no place any more. Another login stays."""
    settings.LOGOUT = {"MAX_SESSIONS": 2, "ON_MAX_SESSIONS": "refuse"}
    program, another = Program.log_in(), Program.log_in()
    blacklist(program)
    assert program.ask().status_code == 401
    assert LoginSession.objects.filter(ended_at=None).count() == 1
    assert LogoutEvent.objects.get().actor == user
    assert (another.works, Program.log_in().works) == (True, True)


def test_administrator_ends_the_login_of_a_user(user: Any, admin_user: Any) -> None:
    """In the library's admin. The event says who has done it."""
    program, browser = Program.log_in(), logged_in(admin_user)
    url = "/admin/token_blacklist/blacklistedtoken/add/"
    added = browser.post(url, {"token": row(program).pk})
    assert added.status_code == 302, added.content
    assert program.ask().status_code == 401
    event = LogoutEvent.objects.get()
    assert (event.reason, event.user, event.actor) == ("admin", user, admin_user)


@pytest.mark.parametrize("path", ["/jwt/refresh/", "/jwt/stock-refresh/"])
def test_exchange_ends_nothing(user: Any, path: str) -> None:
    """It blacklists the token that is exchanged, and the login goes on with the new one."""
    program = Program.log_in().exchange(path)
    assert program.works
    assert not LogoutEvent.objects.exists()


def test_rollback_ends_nothing(user: Any) -> None:
    """The token is not blacklisted then."""
    program = Program.log_in()
    with transaction.atomic():
        by_library(program)
        transaction.set_rollback(True)
    assert program.works
    with transaction.atomic():
        by_library(program)
    assert not program.works


def test_token_without_a_login(user: Any) -> None:
    """The library refuses it, and nothing else ends."""
    program = Program.issued_for(user)
    by_library(program)
    assert not LogoutEvent.objects.exists()


def test_outage_is_answered_with_503(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client can try again: its login has not ended."""
    program = Program.log_in()
    with monkeypatch.context() as patch:
        make_cache_unwritable(patch)
        answer = Client().post("/jwt/own-logout/", {"refresh": program.refresh})
    assert answer.status_code == 503


def test_what_is_no_token_ends_nothing(user: Any) -> None:
    """Code may list anything."""
    program = Program.log_in()
    expires = timezone.now() + timedelta(days=1)
    listed = OutstandingToken.objects.create(token="junk", jti="1", user=user, expires_at=expires)
    BlacklistedToken.objects.create(token=listed)
    assert program.works


def test_fixtures_end_nothing(user: Any) -> None:
    """They are loaded as they were saved."""
    program = Program.log_in()
    listed = row(program)
    BlacklistedToken(token=listed, blacklisted_at=timezone.now()).save_base(raw=True)
    assert program.works
