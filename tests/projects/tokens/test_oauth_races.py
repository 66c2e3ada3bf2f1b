"""An application that gets tokens while its user logs out: the orders that could leave one alive.

Run twice by ``tests/revokers/test_apps.py``: on SQLite, and on a server that locks rows.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.db.models.signals import post_save
from django.test import Client
from oauth2_provider.models import get_access_token_model, get_refresh_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator

from django_logout import Target, end_sessions
from django_logout.models import LogoutEvent
from tests.adapters.oauth_client import alive, approve, log_in, redeem, renew
from tests.pages import LOGOUT

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[], Any]


class Validator(OAuth2Validator):
    """Of a slow site: between the look at what is presented and the lock on it, others act."""

    meanwhile: ClassVar[list[Act]] = []

    def save_bearer_token(self, *args: Any, **kwargs: Any) -> Any:
        while self.meanwhile:
            self.meanwhile.pop()()
        return super().save_bearer_token(*args, **kwargs)


@pytest.fixture(params=["everywhere", "here"])
def end(request: Any, user: Any, ann: Client) -> Act:
    """She logs out."""
    ann.raise_request_exception = False  # it would raise what others are told, in other threads
    if request.param == "here":
        return lambda: ann.post(LOGOUT)
    return lambda: end_sessions(Target.user(user))


@pytest.fixture
def slowly(settings: Any) -> Iterator[Callable[[Act], None]]:
    """Sets what happens in the middle of the next answer of the token endpoint."""
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Validator",
    }
    yield Validator.meanwhile.append
    Validator.meanwhile.clear()


def nothing_left() -> bool:
    """No token that works, nor one that could be renewed."""
    return not (
        get_access_token_model().objects.exists() or get_refresh_token_model().objects.exists()
    )


@pytest.mark.parametrize("rotate", [True, False])
def test_renewed_from_a_token_that_has_just_ended(
    ann: Client, end: Act, slowly: Any, settings: Any, rotate: bool
) -> None:
    """F31: it was looked at before, and is got hold of after the ending."""
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "ROTATE_REFRESH_TOKEN": rotate}
    tokens = log_in(ann)
    slowly(end)
    assert renew(tokens).status_code >= 400
    assert nothing_left()


def test_renewed_in_its_period_of_grace(ann: Client, end: Act, slowly: Any, settings: Any) -> None:
    """F31: the client repeats a request whose answer it has not heard."""
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 120,
    }
    tokens = log_in(ann)
    child = renew(tokens).json()
    slowly(end)
    assert renew(tokens).status_code >= 400
    assert nothing_left()
    assert alive(child) == []


def test_had_for_a_code_that_has_just_ended(ann: Client, end: Act, slowly: Any) -> None:
    """The answer is that of OAuth, and nothing is left of it."""
    code = approve(ann, scope="openid read")
    slowly(end)
    answer = redeem(code)
    assert (answer.status_code, answer.content) == (400, b'{"error": "invalid_grant"}')
    assert nothing_left()


@contextmanager
def stopped_at(model: Any, reached: threading.Event, go_on: threading.Event) -> Iterator[None]:
    """Whoever saves a row of it stops there, inside the transaction."""

    def stop(sender: Any, created: bool, **kwargs: Any) -> None:
        if created:
            reached.set()
            assert go_on.wait(20)

    post_save.connect(stop, sender=model)
    try:
        yield
    finally:
        post_save.disconnect(stop, sender=model)


def wait_for_a_lock() -> None:
    """Until somebody waits for a row, in PostgreSQL's own words."""
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("Nobody waits.")


def at_once(slow: Act, model: Any, fast: Act) -> tuple[Any, Any]:
    """``fast`` begins while ``slow`` is in the middle, and has to wait for its end."""
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
        assert reached.wait(20)
        second = run("fast", fast)
        wait_for_a_lock()
        go_on.set()
        first.join(20)
        second.join(20)
    return found["slow"], found["fast"]


locking = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs a server that locks rows"
)


@locking
def test_renewed_while_the_old_one_is_locked(ann: Client, end: Act) -> None:
    """F31: the ending waits, and then sees what has come of it."""
    tokens = log_in(ann)
    answer, _ = at_once(lambda: renew(tokens), get_refresh_token_model(), end)
    assert answer.status_code == 200
    assert alive(answer.json()) == []
    assert nothing_left()


@locking
def test_had_for_a_code_while_it_is_locked(ann: Client, end: Act) -> None:
    """Likewise; and neither waits for the other for ever."""
    code = approve(ann)
    answer, _ = at_once(lambda: redeem(code), get_refresh_token_model(), end)
    assert answer.status_code in {200, 400}
    assert nothing_left()


@locking
def test_had_for_a_code_while_its_session_ends(ann: Client, end: Act) -> None:
    """The other way about: the application waits, and is refused."""
    code = approve(ann)
    _, answer = at_once(end, LogoutEvent, lambda: redeem(code))
    assert (answer.status_code, answer.content) == (400, b'{"error": "invalid_grant"}')
    assert nothing_left()


@locking
def test_renewed_while_the_ending_is_not_committed(ann: Client, end: Act) -> None:
    """F31: likewise."""
    tokens = log_in(ann)
    _, answer = at_once(end, LogoutEvent, lambda: renew(tokens))
    assert answer.status_code >= 400
    assert nothing_left()
