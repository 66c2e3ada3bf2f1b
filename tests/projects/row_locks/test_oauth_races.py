"""F31: OAuth tokens that an application obtains while its user logs out, on a server that locks
rows."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_save
from django.test import Client
from oauth2_provider.models import get_refresh_token_model

from django_logout.models import LogoutEvent
from tests.projects.oauth_client import alive, approve, log_in, redeem, renew
from tests.projects.tokens.test_oauth_races import (
    Act,
    end,
    nothing_left,
    slowly,
    test_code_redeemed_during_logout,
    test_refresh_during_logout,
    test_refresh_in_grace_period_during_logout,
)
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("postgres")]

__all__ = [
    "end",
    "slowly",
    "test_code_redeemed_during_logout",
    "test_refresh_during_logout",
    "test_refresh_in_grace_period_during_logout",
]


@contextmanager
def stopped_at(model: Any, reached: threading.Event, go_on: threading.Event) -> Iterator[None]:
    """Stop a request inside its transaction, where it saves a row of this model."""

    def stop(sender: Any, created: bool, **kwargs: Any) -> None:
        if created:
            reached.set()
            assert go_on.wait(PATIENCE)

    post_save.connect(stop, sender=model)
    try:
        yield
    finally:
        post_save.disconnect(stop, sender=model)


def wait_for_a_lock() -> None:
    """Wait until a connection waits for a row lock, as PostgreSQL tells it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("No connection waits for a lock.")


def at_once(slow: Act, model: Any, fast: Act) -> tuple[Any, Any]:
    """Start ``fast`` while ``slow`` is in its transaction, so that it has to wait for the commit."""
    found: dict[str, Any] = {}

    def run(name: str, act: Act) -> threading.Thread:
        def keep() -> None:
            try:
                found[name] = act()
            finally:
                connection.close()

        thread = threading.Thread(target=keep)
        thread.start()
        return thread

    reached, go_on = threading.Event(), threading.Event()
    with stopped_at(model, reached, go_on):
        first = run("slow", slow)
        assert reached.wait(PATIENCE)
        second = run("fast", fast)
        wait_for_a_lock()
        go_on.set()
        first.join(PATIENCE)
        second.join(PATIENCE)
    return found["slow"], found["fast"]


def test_ending_waits_for_refresh(ann: Client, end: Act) -> None:
    """F31: the ending then sees the new tokens, and revokes them."""
    tokens = log_in(ann)
    answer, _ = at_once(lambda: renew(tokens), get_refresh_token_model(), end)
    assert answer.status_code == 200
    assert alive(answer.json()) == []
    assert nothing_left()


def test_ending_waits_for_code_redemption(ann: Client, end: Act) -> None:
    """The two do not deadlock, and no token is left."""
    code = approve(ann)
    answer, _ = at_once(lambda: redeem(code), get_refresh_token_model(), end)
    assert answer.status_code in {200, 400}
    assert nothing_left()


def test_code_redemption_waits_for_ending(ann: Client, end: Act) -> None:
    """The application is refused as OAuth says it."""
    code = approve(ann)
    _, answer = at_once(end, LogoutEvent, lambda: redeem(code))
    assert (answer.status_code, answer.content) == (400, b'{"error": "invalid_grant"}')
    assert nothing_left()


def test_refresh_waits_for_ending(ann: Client, end: Act) -> None:
    """F31: the refresh is refused after the commit."""
    tokens = log_in(ann)
    _, answer = at_once(end, LogoutEvent, lambda: renew(tokens))
    assert answer.status_code >= 400
    assert nothing_left()
