"""``manage.py logout adopt`` registers the sessions from before the installation."""

import os
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.models import LoginSession
from tests.clients import install_now, unguarded_store
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = {"db", "cached_db", "file"}


def old_session(user: Any, *, expiry: int | None = None, **changes: Any) -> str:
    """Create a session from before the installation, and return the value of its cookie."""
    session = unguarded_store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.update(changes)
    if expiry is not None:
        session.set_expiry(expiry)
    session.save()
    install_now()
    return str(session.session_key)


def browser(cookie: str) -> Client:
    """Return a client with this cookie."""
    client = Client()
    client.cookies["sessionid"] = cookie
    return client


@pytest.fixture
def table(settings: Any) -> None:
    """Store sessions in a table."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"


def test_old_sessions_are_adopted_and_can_be_ended_one_by_one(
    user: Any, other: Any, engine: str
) -> None:
    """An engine that cannot list them registers each with its next request."""
    anns, bobs = browser(old_session(user)), browser(old_session(other))

    said = run("adopt")

    assert (said.code, said.err) == (0, "")
    if engine in LISTS:
        assert said.out == "Adopted 2 of 2 sessions.\n"
    else:
        assert "cannot list its sessions. There is nothing to do" in said.out
        assert not LoginSession.objects.exists()
    assert anns.get("/").content == b"user=ann"
    assert bobs.get("/").content == b"user=bob"
    rows = {row.user: row for row in LoginSession.objects.select_related("user")}
    assert set(rows) == {user, other}
    run("end", "--session", rows[user].pk)
    assert anns.get("/").content == b"user="
    assert bobs.get("/").content == b"user=bob"
    assert LoginSession.objects.count() == 2


@pytest.mark.engines("db", "cached_db", "file")
def test_adopted_session_can_be_ended_before_its_next_request(user: Any, engine: str) -> None:
    """It is ended by its id, and its data is deleted where the engine allows it."""
    cookie = old_session(user)
    run("adopt")
    assert run("list").out.count("active") == 1
    run("end", "--session", LoginSession.objects.get().pk)
    assert browser(cookie).get("/").content == b"user="
    if engine != "file":
        assert not Session.objects.exists()


def test_json_says_whether_the_engine_can_list(user: Any, engine: str) -> None:
    """An installation script reads it."""
    old_session(user)
    said = run("adopt", "--json")
    lists = engine in LISTS
    assert said.code == 0
    assert said.json == {
        "dry_run": False,
        "listed": lists,
        "seen": int(lists),
        "adopted": int(lists),
        "refused": "",
    }


def test_row_expires_with_the_session(user: Any, table: None) -> None:
    """The session table has the time."""
    old_session(user, expiry=3600)
    run("adopt")
    row = LoginSession.objects.get()
    assert row.expires_at == Session.objects.get().expire_date
    assert row.session_key == Session.objects.get().session_key
    assert row.backend == "django.contrib.auth.backends.ModelBackend"


@pytest.mark.engines("file-unshared")
def test_row_expires_with_the_session_file(user: Any, tmp_path: Any, engine: str) -> None:
    """Django computes the time; files that are no sessions are ignored."""
    old_session(user, expiry=3600)
    (tmp_path / "something-else").write_text("no session")
    run("adopt")
    left = LoginSession.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


@pytest.mark.engines("file-unshared")
def test_age_of_a_session_file_counts_from_its_last_write(
    user: Any, tmp_path: Any, engine: str
) -> None:
    """The session expires that much earlier."""
    old_session(user)
    (file,) = tmp_path.iterdir()
    written = (timezone.now() - timedelta(days=10)).timestamp()
    os.utime(file, (written, written))
    run("adopt")
    left = LoginSession.objects.get().expires_at - timezone.now()
    assert timedelta(days=3, hours=23) < left <= timedelta(days=4)


@pytest.mark.engines("db", "cached_db", "file")
def test_second_run_adopts_nothing(user: Any, engine: str) -> None:
    """It makes no difference whether the sessions were used in between."""
    cookies = [old_session(user) for _ in range(3)]
    run("adopt")
    browser(cookies[0]).get("/")
    assert run("adopt", "--json").json["adopted"] == 0
    assert LoginSession.objects.count() == 3
    Client().force_login(user)
    assert run("adopt", "--json").json["adopted"] == 0


def test_dry_run_only_counts(user: Any, table: None) -> None:
    """The output says so."""
    old_session(user)
    assert run("adopt", "--dry-run").out == "Would adopt 1 of 1 session.\n"
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {SESSION_KEY: "4711"},
        {SESSION_KEY: "no key of any user's"},
        {HASH_SESSION_KEY: "of an earlier password"},
        {HASH_SESSION_KEY: ""},
    ],
    ids=str,
)
def test_sessions_that_django_refuses_are_not_adopted(user: Any, table: None, changes: Any) -> None:
    """The list of active sessions shows none of them."""
    old_session(user, **changes)
    assert run("adopt").out == "Adopted 0 of 1 session.\n"


def test_unusable_sessions_are_skipped(user: Any, other: Any, table: None) -> None:
    """Anonymous, garbled and expired sessions, and those of inactive users, do not stop the
    command."""
    session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    session["cart"] = [1]
    session.save()
    old_session(other)
    type(other).objects.filter(pk=other.pk).update(is_active=False)  # in SQL, so no signal is sent
    old_session(user, expiry=-10)
    Session.objects.create(
        session_key="garbled",
        session_data="garbled",
        expire_date=timezone.now() + timedelta(days=1),
    )
    assert run("adopt").out == "Adopted 0 of 3 sessions.\n"


def test_session_of_a_fallback_secret_key_is_adopted(user: Any, table: None, settings: Any) -> None:
    """Django serves it."""
    cookie = old_session(user)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"
    assert run("adopt").out == "Adopted 1 of 1 session.\n"
    assert browser(cookie).get("/").content == b"user=ann"
    assert LoginSession.objects.count() == 1


def test_user_model_without_session_hash(
    user: Any, table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A custom user model need not have ``get_session_auth_hash()``."""
    old_session(user, **dict[str, Any]({HASH_SESSION_KEY: ""}))
    monkeypatch.delattr(AbstractBaseUser, "get_session_auth_hash")
    assert run("adopt").out == "Adopted 1 of 1 session.\n"


def test_user_model_without_fallback_hashes(
    user: Any, table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django requires only ``get_session_auth_hash()`` of a custom user model that has a hash."""
    old_session(user)
    old_session(user, **{HASH_SESSION_KEY: "of an earlier password"})
    monkeypatch.delattr(AbstractBaseUser, "get_session_auth_fallback_hash")
    assert run("adopt").out == "Adopted 1 of 2 sessions.\n"


@pytest.mark.parametrize("scope", ["user", "users", "everyone"])
def test_sessions_that_were_ended_before_their_adoption_are_not_adopted(
    user: Any, other: Any, table: None, scope: str
) -> None:
    """A cutoff, or an event that ended all sessions of the user, refuses them."""
    cookie = old_session(user)
    targets = {
        "user": Target.user(user),
        "users": Target.users(type(user).objects.filter(pk=user.pk)),
        "everyone": Target.everyone(),
    }
    end_sessions(targets[scope], reason=Reason.ADMIN)
    old_session(other)
    assert run("adopt", "--json").json["adopted"] == (0 if scope == "everyone" else 1)
    assert not LoginSession.objects.filter(user=user).exists()
    assert browser(cookie).get("/").content == b"user="


def test_number_of_queries_depends_on_batches_only(
    user: Any, table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty sessions need as many queries as two."""
    from tests.query_counts import cost

    def statements(number: int) -> int:
        for _ in range(number):
            old_session(user)
        with cost() as found:
            run("adopt")
        return found.queries

    assert statements(2) == statements(40)
