"""F31: tokens that are exchanged, and logins that come about, while their user is logged out.

Run twice by ``tests/revokers/test_simplejwt.py``: on SQLite, and on a server that locks rows.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from django_logout import Target, end_sessions, families, truth
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.revokers.simplejwt import SimpleJwtRevoker
from tests.adapters.tokens_jwt import Program
from tests.interleavings import every_order, step

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 20
WIDE = ("browser", "user", "everyone")

locking = pytest.mark.skipif(
    "not __import__('django.db').db.connection.features.has_select_for_update",
    reason="nobody can be in the middle of a transaction while another writes",
)


def exchange(program: Program) -> Program | None:
    """New tokens, if there are any to be had."""
    answer = Client().post("/jwt/refresh/", {"refresh": program.refresh})
    assert answer.status_code in {200, 401}, answer.content
    return Program(**answer.json()) if answer.status_code == 200 else None


def works(program: Program) -> bool:
    """Any of its tokens, in any way."""
    stock = Client().post("/jwt/stock-refresh/", {"refresh": program.refresh})
    child = Program(**stock.json()) if stock.status_code == 200 else None
    return program.works or exchange(program) is not None or (child is not None and child.works)


@pytest.fixture
def stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange goes step by step: the look at the login, the blacklisting of the old token, the
    listing of the new one, the look afterwards, and the answer."""

    def slow(owner: Any, name: str) -> None:
        work = getattr(owner, name)

        def slowly(*args: Any, **kwargs: Any) -> Any:
            if not connection.in_atomic_block:
                step()
            return work(*args, **kwargs)

        monkeypatch.setattr(owner, name, slowly)

    slow(truth, "standing")
    slow(RefreshToken, "blacklist")
    slow(RefreshToken, "outstand")
    slow(families, "go_on")


def of_a_login(browser: Client) -> Program:
    """By its name and password, in this browser."""
    return Program.log_in(client=browser)


def of_none(browser: Client) -> Program:
    """By code of the project's own; only the refresh token, as an access token of no login is known
    to be of a user, and of nothing else."""
    return Program(browser.post("/jwt/in-browser/").json()["refresh"], "")


def target(scope: str, user: Any) -> Target:
    """What is ended."""
    of_kind = {"login": "simplejwt", "browser": "session"}
    if scope in of_kind:
        return Target.sessions(LoginSession.objects.filter(kind=of_kind[scope]))
    return Target.user(user) if scope == "user" else Target.everyone()


CASES = [(of_a_login, "login"), *((how, scope) for how in (of_a_login, of_none) for scope in WIDE)]


@pytest.mark.parametrize(("obtain", "scope"), CASES)
def test_in_no_order_does_an_exchange_outlive_an_ending(
    stepped: None, db: None, obtain: Callable[[Client], Program], scope: str
) -> None:
    """Whatever has been handed out by then, or is afterwards."""
    programs: list[Program] = []

    def fresh() -> dict[str, Callable[[], Any]]:
        for model in (LoginSession, OutstandingToken, LogoutEvent, Cutoff, get_user_model()):
            model.objects.all().delete()
        ann, browser = get_user_model().objects.create_user("ann", password="pw"), Client()
        browser.force_login(ann)
        programs[:] = [obtain(browser)]

        def door() -> None:
            step()
            end_sessions(target(scope, ann))

        return {"door": door, "reader": lambda: exchange(programs[0])}

    def unharmed(results: dict[str, Any]) -> None:
        assert not any(isinstance(result, Exception) for result in results.values()), results

    handed_out = []
    for results, _ in every_order(fresh, unharmed):
        child = results["reader"]
        handed_out.append(child is not None)
        assert not works(programs[0])
        assert child is None or not works(child)
    assert {*handed_out} == {True, False}


@contextmanager
def meanwhile(act: Callable[[], Any]) -> Iterator[dict[str, Any]]:
    """Something another does at the same time; what came of it, once both are done."""
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
    """An ending that stands still in the middle of its transaction, after it has listed tokens."""
    inside, go_on, work = threading.Event(), threading.Event(), SimpleJwtRevoker.ends

    def ends(self: Any, ending: Any) -> int:
        count = work(self, ending)
        inside.set()
        assert go_on.wait(PATIENCE)
        return count

    monkeypatch.setattr(SimpleJwtRevoker, "ends", ends)
    yield inside, go_on
    go_on.set()


@locking
def test_exchanged_while_an_ending_is_being_committed(user: Any, paused: Any) -> None:
    """It waits for the ending, refuses, and blacklists the child that nobody could have known."""
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


@locking
def test_exchanged_before_it_was_known_while_an_ending_is_being_committed(
    user: Any, paused: Any
) -> None:
    """A refresh token of no login is adopted where the ending cannot see it; it is ended later."""
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


@locking
def test_a_login_with_the_old_password_while_the_new_one_is_being_committed(
    user: Any, paused: Any
) -> None:
    """Whoever knows the old one can try as often as they like: no login comes of it."""
    inside, go_on = paused

    def change() -> None:
        with transaction.atomic():
            changed = get_user_model().objects.get()
            changed.set_password("new")
            changed.save()

    login = {"username": "ann", "password": "pw"}
    with meanwhile(change) as door:
        door["thread"].start()
        assert inside.wait(PATIENCE)
        with meanwhile(lambda: Client().post("/jwt/", login)) as thief:
            thief["thread"].start()
            thief["thread"].join(0.5)
            assert thief["thread"].is_alive()
            go_on.set()
    assert thief["result"].status_code == 401
    assert thief["result"].json()["reason"] == "password_changed"
    assert not LoginSession.objects.exists()


@locking
def test_unforced(user: Any) -> None:
    """F31, as it was found: two exchange all they get, a third logs out; nothing works then."""
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
