"""F31: tokens are refreshed, and users log in, while an ending is being committed, on a server that
locks rows."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from django_logout.policies import session_limits
from django_logout.revokers.simplejwt import SimpleJwtRevoker
from tests.projects.jwt_client import Program, exchange, works
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("postgres")]


@contextmanager
def meanwhile(act: Callable[[], Any]) -> Iterator[dict[str, Any]]:
    """Act in another thread, and yield its result once it has finished."""
    found: dict[str, Any] = {}

    def run() -> None:
        try:
            found["result"] = act()
        except Exception as error:  # noqa: BLE001 - a result like any other
            found["result"] = error
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    found["thread"] = thread
    try:
        yield found
    finally:
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Pause an ending in the middle of its transaction, after it has listed the tokens."""
    inside, go_on, work = threading.Event(), threading.Event(), SimpleJwtRevoker.revoke

    def revoke(self: Any, ending: Any) -> int:
        count = work(self, ending)
        inside.set()
        assert go_on.wait(PATIENCE)
        return count

    monkeypatch.setattr(SimpleJwtRevoker, "revoke", revoke)
    yield inside, go_on
    go_on.set()


def test_refresh_waits_for_ending(user: Any, paused: Any) -> None:
    """Then it is refused, and blacklists the new token, which the ending could not know."""
    inside, go_on = paused
    program = Program.log_in()
    with meanwhile(lambda: end_sessions(Target.user(user))) as door:
        door["thread"].start()
        assert inside.wait(PATIENCE)
        with meanwhile(lambda: exchange(program)) as reader:
            reader["thread"].start()
            reader["thread"].join(0.5)
            assert reader["thread"].is_alive()
            go_on.set()
    assert reader["result"] is None
    assert OutstandingToken.objects.count() == BlacklistedToken.objects.count() == 2


def test_adoption_during_ending(user: Any, paused: Any) -> None:
    """The ending cannot see the session of the adopted refresh token, and ends it after the
    commit."""
    inside, go_on = paused
    program = Program.issued_for(user)
    with meanwhile(lambda: end_sessions(Target.user(user))) as door:
        door["thread"].start()
        assert inside.wait(PATIENCE)
        with meanwhile(lambda: exchange(program)) as reader:
            reader["thread"].start()
            reader["thread"].join(0.5)
            go_on.set()
    child = reader["result"]
    assert child is None or child.refused() == "user"
    assert not works(program)
    assert not isinstance(door["result"], Exception)


def test_login_with_old_password_waits_for_change(
    user: Any, paused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attacker who knows the old password gets no session."""
    inside, go_on = paused
    verified, lock_user = threading.Event(), session_limits.lock_user

    def lock(user: Any) -> Any:
        verified.set()
        return lock_user(user)

    def change() -> None:
        with transaction.atomic():
            changed = get_user_model().objects.get()
            changed.set_password("new")
            changed.save()

    login = {"username": "ann", "password": "pw"}
    with meanwhile(change) as door:
        door["thread"].start()
        assert inside.wait(PATIENCE)
        monkeypatch.setattr(session_limits, "lock_user", lock)
        with meanwhile(lambda: Client().post("/jwt/", login)) as thief:
            thief["thread"].start()
            assert verified.wait(PATIENCE)
            thief["thread"].join(0.5)
            assert thief["thread"].is_alive()
            go_on.set()
    assert thief["result"].status_code == 401
    assert thief["result"].json()["reason"] == "password_changed"
    assert not LoginSession.objects.exists()


def test_concurrent_refreshes_and_logout(user: Any) -> None:
    """F31, as it was found: two clients refresh in a loop, a third logs out; no token works
    afterwards."""
    alive, rounds = 0, 10
    for _ in range(rounds):
        program, given, over = Program.log_in(), [], threading.Event()
        given.append(program)

        def work(program: Program = program, given: Any = given, over: Any = over) -> None:
            mine: Program | None = program
            while mine is not None and not over.is_set():
                if (mine := exchange(mine)) is not None:
                    given.append(mine)

        with meanwhile(work) as one, meanwhile(work) as two:
            one["thread"].start()
            two["thread"].start()
            threading.Event().wait(0.05)
            end_sessions(Target.user(user))
            over.set()
        assert not isinstance(one["result"], Exception), one["result"]
        alive += any(works(each) for each in given)
    assert alive == 0
