"""``manage.py logout adopt``: what was alive before the installation becomes known."""

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
from django_logout.operations import backfill
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = {"db", "cached_db", "file"}


def old_session(user: Any, *, expiry: int | None = None, **changes: Any) -> str:
    """A session of a user from before our time; gives the value of its cookie."""
    session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.update(changes)
    if expiry is not None:
        session.set_expiry(expiry)
    session.save()
    return str(session.session_key)


def browser(cookie: str) -> Client:
    """With this cookie."""
    client = Client()
    client.cookies["sessionid"] = cookie
    return client


@pytest.fixture
def table(settings: Any) -> None:
    """Sessions in a table."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"


def test_old_sessions_are_adopted_and_can_be_ended_one_by_one(
    user: Any, other: Any, engine: str
) -> None:
    """Before they are seen, where the engine can list them; else when they are."""
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
def test_one_that_is_never_seen_can_be_ended_too(user: Any, engine: str) -> None:
    """By its id, with its data where they can be deleted."""
    cookie = old_session(user)
    run("adopt")
    assert run("list").out.count("active") == 1
    run("end", "--session", LoginSession.objects.get().pk)
    assert browser(cookie).get("/").content == b"user="
    if engine != "file":
        assert not Session.objects.exists()


def test_json_says_whether_the_engine_can_list(user: Any, engine: str) -> None:
    """For a script that installs."""
    old_session(user)
    said = run("adopt", "--json")
    lists = engine in LISTS
    assert said.code == 0
    assert said.json == {
        "dry_run": False,
        "listed": lists,
        "seen": int(lists),
        "adopted": int(lists),
    }


def test_expiry_is_that_of_the_session(user: Any, table: None) -> None:
    """As the row of the table has it."""
    old_session(user, expiry=3600)
    run("adopt")
    row = LoginSession.objects.get()
    assert row.expires_at == Session.objects.get().expire_date
    assert row.session_key == Session.objects.get().session_key
    assert row.backend == "django.contrib.auth.backends.ModelBackend"


@pytest.mark.engines("file-unshared")
def test_expiry_of_a_file(user: Any, tmp_path: Any, engine: str) -> None:
    """As Django reckons it; one that has expired is left alone."""
    old_session(user, expiry=3600)
    (tmp_path / "something-else").write_text("no session")
    run("adopt")
    left = LoginSession.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


@pytest.mark.engines("file-unshared")
def test_a_file_is_as_old_as_when_it_was_written(user: Any, tmp_path: Any, engine: str) -> None:
    """Its session lives so much shorter."""
    old_session(user)
    (file,) = tmp_path.iterdir()
    written = (timezone.now() - timedelta(days=10)).timestamp()
    os.utime(file, (written, written))
    run("adopt")
    left = LoginSession.objects.get().expires_at - timezone.now()
    assert timedelta(days=3, hours=23) < left <= timedelta(days=4)


@pytest.mark.engines("db", "cached_db", "file")
def test_again_it_adopts_nothing(user: Any, engine: str) -> None:
    """Whether they have been seen meanwhile or not."""
    cookies = [old_session(user) for _ in range(3)]
    run("adopt")
    browser(cookies[0]).get("/")
    assert run("adopt", "--json").json["adopted"] == 0
    assert LoginSession.objects.count() == 3
    Client().force_login(user)
    assert run("adopt", "--json").json["adopted"] == 0


def test_it_takes_up_where_it_was_stopped(
    user: Any, table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known is not even decoded again."""
    monkeypatch.setattr(backfill, "BATCH", 2)
    for _ in range(5):
        old_session(user)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backfill.adopt_sessions(progress=stop)
    assert LoginSession.objects.count() == 2
    said = run("adopt", "-v", "2")
    assert said.out == "Adopted 3 of 3 sessions.\n"
    assert said.err.splitlines() == ["2 of 3 sessions read", "3 of 3 sessions read"]
    assert LoginSession.objects.count() == 5


def test_a_dry_run_only_counts(user: Any, table: None) -> None:
    """And says so."""
    old_session(user)
    assert run("adopt", "--dry-run").out == "Would adopt 1 of 1 sessions.\n"
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
def test_what_django_would_not_serve_is_not_adopted(user: Any, table: None, changes: Any) -> None:
    """A list of live sessions tells the truth."""
    old_session(user, **changes)
    assert run("adopt").out == "Adopted 0 of 1 sessions.\n"


def test_nobodys_and_inactive_users_and_expired_and_garbled_sessions_are_not_adopted(
    user: Any, other: Any, table: None
) -> None:
    """Nor is the command stopped by them."""
    session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    session["cart"] = [1]
    session.save()
    old_session(other)
    type(other).objects.filter(pk=other.pk).update(is_active=False)  # as SQL would, unnoticed
    old_session(user, expiry=-10)
    Session.objects.create(
        session_key="garbled",
        session_data="garbled",
        expire_date=timezone.now() + timedelta(days=1),
    )
    assert run("adopt").out == "Adopted 0 of 3 sessions.\n"


def test_a_session_of_the_secret_key_before_the_last_is_adopted(
    user: Any, table: None, settings: Any
) -> None:
    """Django serves it."""
    cookie = old_session(user)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"
    assert run("adopt").out == "Adopted 1 of 1 sessions.\n"
    assert browser(cookie).get("/").content == b"user=ann"
    assert LoginSession.objects.count() == 1


def test_users_without_session_hashes(
    user: Any, table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user model need not be Django's."""
    old_session(user, **dict[str, Any]({HASH_SESSION_KEY: ""}))
    monkeypatch.delattr(AbstractBaseUser, "get_session_auth_hash")
    assert run("adopt").out == "Adopted 1 of 1 sessions.\n"


def test_users_with_a_hash_of_their_own_and_no_fallbacks(
    user: Any, table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only ``get_session_auth_hash()`` is part of the contract of a custom user model."""
    old_session(user)
    old_session(user, **{HASH_SESSION_KEY: "of an earlier password"})
    monkeypatch.delattr(AbstractBaseUser, "get_session_auth_fallback_hash")
    assert run("adopt").out == "Adopted 1 of 2 sessions.\n"


@pytest.mark.parametrize("scope", ["user", "users", "everyone"])
def test_those_that_have_been_ended_unseen_are_not_adopted(
    user: Any, other: Any, table: None, scope: str
) -> None:
    """A cut-off, or an ending of all of a user's, has refused them."""
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


def test_it_costs_so_much_a_batch(user: Any, table: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a query a session."""
    from tests.counting import cost

    def statements(number: int) -> int:
        for _ in range(number):
            old_session(user)
        with cost() as found:
            run("adopt")
        return found.queries

    assert statements(2) == statements(40)
