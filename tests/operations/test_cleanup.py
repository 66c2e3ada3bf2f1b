"""``manage.py logout prune``: sessions stay refused after their rows are deleted."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from tests.clients import OTHERS, unguarded_store
from tests.management.old_rows import DAY, NOTHING, event, over, prune
from tests.management.test_adopt import browser, old_session

pytestmark = pytest.mark.django_db(transaction=True)


def test_session_without_a_row_stays_refused(user: Any, engine: str) -> None:
    """It claims an id that the registry does not know, even though its cookie is intact."""
    client = Client()
    client.force_login(user)
    client.get("/")
    cookie = client.cookies["sessionid"].value
    end_sessions(Target.user(user))
    LoginSession.objects.update(
        ended_at=timezone.now() - 100 * DAY, expires_at=timezone.now() - 100 * DAY
    )
    LogoutEvent.objects.update(created_at=timezone.now() - 100 * DAY)
    assert prune() == {**NOTHING, "sessions": 1, "events": 1}
    assert not LoginSession.objects.exists()
    assert browser(cookie).get("/").content == b"user="
    assert client.get("/").content == b"user="


def test_old_session_stays_refused_after_its_event_is_deleted(user: Any, engine: str) -> None:
    """A cutoff replaces the event, and allows new logins."""
    cookies = [old_session(user) for _ in range(2)]
    end_sessions(Target.user(user))
    end_sessions(Target.user(user))
    LogoutEvent.objects.update(created_at=timezone.now() - 100 * DAY)
    fresh = Client()
    fresh.force_login(user)

    assert prune()["events"] == 2

    assert not LogoutEvent.objects.exists()
    assert Cutoff.objects.get().user == user
    assert [browser(cookie).get("/").content for cookie in cookies] == [b"user="] * 2
    assert fresh.get("/").content == b"user=ann"
    assert prune() == NOTHING


@pytest.mark.parametrize("of", ["user", "everyone"])
def test_no_second_cutoff_is_written_for_an_event(user: Any, of: str) -> None:
    """An existing cutoff is enough."""
    then = timezone.now() - 99 * DAY
    Cutoff.objects.create(user=user if of == "user" else None, before=then)
    event(100, user=user, scope="user")
    assert prune()["events"] == 1
    assert Cutoff.objects.count() == 1


@pytest.mark.parametrize("engine_name", ["file", "signed_cookies", "db"])
def test_adopted_session_stays_refused_while_the_engine_serves_it(
    user: Any, settings: Any, tmp_path: Any, clock: Any, engine_name: str
) -> None:
    """Django's file engine serves a session with ``set_expiry(seconds)`` for ever, so its row is
    kept."""

    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine_name}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    cookie = old_session(user, expiry=20 * 86400)
    assert browser(cookie).get("/").content == b"user=ann"
    assert unguarded_store(cookie).load()["_auth_user_id"]
    end_sessions(Target.session(LoginSession.objects.get().pk))
    Cutoff.objects.all().delete()  # signed_cookies has one, which would refuse it too

    clock.shift(100 * DAY)
    assert prune()["sessions"] == (0 if engine_name == "file" else 1)

    assert browser(cookie).get("/").content == b"user="
    assert bool(unguarded_store(cookie).load()) == (engine_name == "file")


def test_rows_of_adopted_sessions_are_deleted_after_a_cutoff_for_everyone(
    user: Any, settings: Any, tmp_path: Any
) -> None:
    """The cutoff refuses them anyway, and is kept."""
    from uuid import NAMESPACE_URL, uuid5

    settings.SESSION_ENGINE = "django.contrib.sessions.backends.file"
    over(user, 100, id=uuid5(NAMESPACE_URL, "a key"))
    assert prune() == NOTHING
    Cutoff.objects.create(before=timezone.now() - 5 * DAY)
    assert prune("--dry-run")["sessions"] == 1
    assert prune() == {**NOTHING, "sessions": 1}
    assert Cutoff.objects.count() == 1


def test_last_cutoff_of_each_user_is_kept(user: Any, other: Any) -> None:
    """It refuses all that the earlier ones do."""
    now = timezone.now()

    def cutoff(who: Any, days: float) -> Cutoff:
        return Cutoff.objects.create(user=who, before=now - days * DAY)

    cutoff(user, 300), cutoff(user, 200), cutoff(user, 200)
    last = cutoff(user, 150)
    cutoff(other, 140), cutoff(other, 120)
    cutoff(None, 130), cutoff(None, 125)
    kept = {cutoff(other, 100).pk, cutoff(None, 110).pk, cutoff(user, 50).pk, cutoff(user, 40).pk}
    assert prune("--dry-run")["cutoffs"] == 8
    assert prune() == {**NOTHING, "cutoffs": 8}
    assert {row.pk for row in Cutoff.objects.all()} == kept
    assert last.pk not in kept
    assert prune() == NOTHING


def ended_others(user: Any, client: Client) -> None:
    """End all sessions of the user but this browser's, long ago."""
    assert client.post(OTHERS).status_code == 302
    event = LogoutEvent.objects.get()
    assert (event.scope, event.user) == ("others", user)
    LogoutEvent.objects.update(created_at=timezone.now() - 100 * DAY)
    LoginSession.objects.update(created_at=timezone.now() - 101 * DAY)


def test_old_session_that_was_ended_with_the_others_stays_refused(user: Any, engine: str) -> None:
    """A thief made it last a year before the installation, and has never used it since."""
    stolen = [old_session(user, expiry=365 * 86400) for _ in range(2)]
    mine = Client()
    mine.force_login(user)
    ended_others(user, mine)

    assert prune()["events"] == 1

    assert not LogoutEvent.objects.exists()
    assert [browser(cookie).get("/").content for cookie in stolen] == [b"user="] * 2
    assert mine.get("/").content == b"user=ann"


def test_event_is_kept_while_an_old_session_that_it_excluded_is_active(
    user: Any, engine: str, settings: Any
) -> None:
    """The session that ended the others is from before the installation too.

    A cutoff in place of the event would refuse it with the others.
    """
    settings.LOGOUT = {"REAUTHENTICATION_AGE": None}
    stolen = old_session(user, expiry=365 * 86400)
    mine = browser(old_session(user))
    ended_others(user, mine)

    assert prune("--dry-run")["events"] == prune()["events"] == 0

    assert mine.get("/").content == b"user=ann"
    assert browser(stolen).get("/").content == b"user="
    mine.post("/accounts/logout/")
    assert prune("--dry-run")["events"] == prune()["events"] == 1
    assert browser(stolen).get("/").content == b"user="
