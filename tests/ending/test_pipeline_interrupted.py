"""The moments between two steps: what comes in between, and what goes down there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone

from django_logout import SessionNotEnded, Target, end_sessions
from django_logout.exceptions import SessionUnavailable
from django_logout.guard import decision
from django_logout.models import LoginSession, LogoutEvent
from django_logout.signals import session_ended
from tests.clients import LOGOUT, OTHERS, Page, copy_of, logged_in_as
from tests.revokers.failing_revokers import Saboteur
from tests.settings import ENGINES
from tests.timeouts import another_process
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def claimed(settings: Any) -> Iterator[Callable[[Any], None]]:
    """Does something when the sessions have been claimed, and nothing is committed yet."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Saboteur"]}

    def when(act: Any) -> None:
        Saboteur.act = staticmethod(act)

    yield when
    Saboteur.act = None


def log_in_earlier(client: Client, user: Any) -> None:
    """As somebody does whose transaction began before this one."""
    client.force_login(user)
    newest = LoginSession.objects.filter(ended_at=None)
    newest.update(created_at=timezone.now() - timedelta(seconds=5))


@contextmanager
def failing(verb: str, *words: str) -> Iterator[None]:
    """The database refuses statements of a kind with these words."""

    def refuse(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith(verb) and all(word in sql for word in words):
            raise OperationalError("gone away")
        return execute(sql, *args)

    with connection.execute_wrapper(refuse):
        yield


def test_a_login_that_was_under_way_ends_with_the_others(
    engine: str, ann: Client, user: Any, claimed: Any
) -> None:
    """It began before the ending, in a transaction that the ending could not look into."""
    thief = Client()
    claimed(partial(log_in_earlier, thief, user))

    result = end_sessions(Target.user(user))

    assert logged_in_as(ann) == logged_in_as(thief) == ""
    event = LogoutEvent.objects.get()
    assert event == result.event
    assert (event.sessions, event.login_sessions.count()) == (2, 2)


def test_so_it_does_where_one_browser_ends_the_others(
    engine: str, ann: Client, user: Any, claimed: Any
) -> None:
    """The thief has been quick; the browser that asks stays."""
    thief = Client()
    claimed(partial(log_in_earlier, thief, user))

    ann.post(OTHERS)

    assert (logged_in_as(ann), logged_in_as(thief)) == ("ann", "")
    assert LogoutEvent.objects.get().sessions == 1


def test_when_that_cannot_be_ended_nobody_is_told_that_it_is(
    ann: Client, user: Any, claimed: Any
) -> None:
    """The ending is committed and the database goes away; asked again, it ends what is left."""
    thief = Client()
    claimed(partial(log_in_earlier, thief, user))

    with failing("SELECT", "created_at", '"ended_at" IS NULL'), pytest.raises(SessionNotEnded):
        end_sessions(Target.user(user))

    assert (logged_in_as(ann), logged_in_as(thief)) == ("", "ann")
    end_sessions(Target.user(user))
    assert logged_in_as(thief) == ""


def test_what_has_ended_is_announced_whatever_fails_afterwards(
    engine: str, ann: Client, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody announces it later: for the next ending it is over."""
    heard = []

    def hear(session: Any, **kwargs: Any) -> None:
        heard.append(session.id)

    session_ended.connect(hear)
    try:
        with failing("SELECT", "created_at", '"ended_at" IS NULL'), pytest.raises(SessionNotEnded):
            end_sessions(Target.user(user))
    finally:
        session_ended.disconnect(hear)

    assert heard == [LoginSession.objects.get().pk]
    assert "Not logged out everywhere yet" in caplog.text
    assert logged_in_as(ann) == ""


def test_which_sessions_to_end_may_not_be_found_out(user: Any) -> None:
    """Before anything has been done."""
    with failing("SELECT"), pytest.raises(SessionNotEnded, match="could not be found out"):
        end_sessions(Target.users(type(user).objects.all()))


def test_without_autocommit_nothing_can_be_promised(ann: Client, user: Any) -> None:
    """Nobody would tell when it is committed."""
    transaction.set_autocommit(False)
    try:
        with pytest.raises(SessionNotEnded, match="atomic"):
            end_sessions(Target.user(user))
    finally:
        transaction.set_autocommit(True)
    assert logged_in_as(ann) == "ann"


def test_when_sessions_cannot_be_deleted_nothing_has_changed(
    ann: Client, settings: Any, user: Any
) -> None:
    """What is essential is not fenced."""
    settings.SESSION_ENGINE = ENGINES["db"]
    ann.force_login(user)
    thief = copy_of(ann)

    with failing("DELETE", "django_session"), pytest.raises(SessionNotEnded):
        end_sessions(Target.user(user))

    assert logged_in_as(ann) == logged_in_as(thief) == "ann"
    assert not LogoutEvent.objects.exists()


def test_when_nobody_can_tell_who_is_logged_in_nobody_is_told_to_be_out(
    ann: Client, settings: Any, user: Any
) -> None:
    """The session is there, its user's row cannot be read."""
    settings.SESSION_ENGINE = ENGINES["signed_cookies"]
    ann.force_login(user)
    ann.raise_request_exception = False

    with failing("SELECT", type(user)._meta.db_table):
        response = ann.post(LOGOUT)

    assert response.status_code == 503
    assert "You may still be logged in" in Page(response).text
    assert logged_in_as(ann) == "ann"


def test_a_view_that_makes_an_outage_a_500_of_its_own_is_answered_truly(
    ann: Client, settings: Any, user: Any
) -> None:
    """Whoever catches all exceptions catches ours too."""
    settings.SESSION_ENGINE = ENGINES["db"]  # its table is what cannot be read
    ann.force_login(user)

    def view(request: HttpRequest) -> HttpResponse:
        try:
            request.user.get_username()
        except SessionUnavailable:
            return HttpResponse("Oops", status=500)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    with failing("SELECT", "django_session"):
        response = ann.get(OUT)

    assert response.status_code == 503
    assert "sessionid" not in response.cookies
    assert logged_in_as(ann) == "ann"


def test_activity_that_cannot_be_written_stops_nobody(
    ann: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It is no more than a note."""
    settings.LOGOUT = {"LAST_SEEN_INTERVAL": 0}

    with failing("UPDATE", "django_logout_loginsession"):
        assert logged_in_as(ann) == "ann"

    assert "The time of the last use of a session could not be saved." in caplog.text


def test_a_session_whose_data_cannot_be_deleted_is_refused(
    user: Any, settings: Any, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Logged out all the same: the row says so."""
    settings.SESSION_ENGINE = "tests.failing_engine"
    settings.SESSION_FILE_PATH = str(tmp_path)
    client = Client()
    client.force_login(user)
    thief, key = copy_of(client), client.session.session_key

    assert client.post(LOGOUT).status_code == 200

    assert logged_in_as(client) == logged_in_as(thief) == ""
    assert "The data of an ended session could not be deleted; it is refused." in caplog.text
    assert key not in caplog.text


def test_an_ending_between_two_looks_is_seen_by_the_second(
    engine: str, ann: Client, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate has let the session in, and before its age is looked at it has ended."""
    settings.LOGOUT = {"ABSOLUTE_TIMEOUT": lambda user, request: 3600}  # asks for the row
    ask = decision.timeouts_from_row

    def late(*args: Any) -> Any:
        monkeypatch.setattr(decision, "timeouts_from_row", ask)
        end_sessions(Target.user(user), reason="admin")
        return ask(*args)

    ann.get("/write/")
    with another_process():
        monkeypatch.setattr(decision, "timeouts_from_row", late)
        response = ann.get("/private/", follow=True)

    assert b"An administrator ended your session." in response.content
    assert logged_in_as(ann) == ""
