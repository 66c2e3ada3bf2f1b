"""Code without a request that changes a password, and then writes the new hash into a session."""

from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from importlib import import_module
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings
from django.contrib.auth import (
    HASH_SESSION_KEY,
    SESSION_KEY,
    authenticate,
    update_session_auth_hash,
)
from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.http import HttpRequest
from django.test import Client

from django_logout import Reason, Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from django_logout.utils.context import current_request
from tests.clients import (
    before_us,
    copy_of,
    listed,
    logged_in,
    logged_in_as,
    login_keys,
    unguarded_store,
)

pytestmark = pytest.mark.django_db(transaction=True)


def store(key: str | None) -> Any:
    """Return a session object as code makes it."""
    return import_module(django_settings.SESSION_ENGINE).SessionStore(key)


def opened(client: Client) -> Any:
    """Return the session of a browser as code opens it, not loaded yet."""
    return store(client.cookies["sessionid"].value)


def loaded(client: Client) -> Any:
    """Return the session of a browser as code opens it, loaded."""
    session = opened(client)
    assert SESSION_KEY in session
    return session


def fill_cart(client: Client) -> None:
    session = opened(client)
    session["cart"] = ["car"]
    session.save()
    client.cookies["sessionid"] = session.session_key


def change_password(user: Any, password: str = "new") -> None:
    user.set_password(password)
    user.save()


def write_hash(session: Any, user: Any) -> None:
    """Write the new hash and save the session."""
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()


async def write_hash_async(session: Any, user: Any) -> None:
    """Write the new hash and save the session, in an event loop."""
    await session.aset(HASH_SESSION_KEY, user.get_session_auth_hash())
    await session.asave()


def update_hash(session: Any, user: Any) -> None:
    """Do it as Django's function does, which rotates the key first."""
    request = HttpRequest()
    request.session, request.user = session, user
    update_session_auth_hash(request, user)
    session.save()


def served(client: Client, session: Any = None) -> bool:
    """Return whether the site serves the user in a browser, which has got the session's cookie."""
    if session is not None:
        client.cookies["sessionid"] = session.session_key
    return logged_in_as(client) == "ann"


OPEN = (opened, loaded)
WRITE = (write_hash, async_to_sync(write_hash_async), update_hash)


@pytest.mark.parametrize("write", WRITE, ids=("sync", "async", "rotated"))
@pytest.mark.parametrize("open_session", OPEN)
def test_session_with_new_hash_is_kept(
    engine: str,
    user: Any,
    open_session: Callable[[Client], Any],
    write: Callable[[Any, Any], None],
) -> None:
    """It goes on with its data. The user's other sessions have ended, and so have copies of a
    cookie that holds the data."""
    here, there = logged_in(user), logged_in(user)
    fill_cart(here)
    session, thief = open_session(here), copy_of(here)
    change_password(user)
    write(session, user)
    assert served(here, session)
    assert opened(here)["cart"] == ["car"]
    assert not served(there)
    if write is update_hash or engine == "signed_cookies":
        assert not served(thief)


@pytest.mark.parametrize("open_session", OPEN)
def test_session_is_kept_in_transaction_of_change(
    engine: str, user: Any, open_session: Callable[[Client], Any]
) -> None:
    """The ending looks, after the commit, for what was registered meanwhile."""
    here = logged_in(user)
    session = open_session(here)
    with transaction.atomic():
        change_password(user)
        write_hash(session, user)
    assert served(here, session)


def test_kept_session_is_a_login_of_its_own(engine: str, user: Any) -> None:
    """What has ended stays ended, and is on record. The new row has the times and the device of the
    old one, so that no timeout begins anew."""
    here = Client(headers={"user-agent": "Firefox"}, REMOTE_ADDR="203.0.113.7")
    here.force_login(user)
    here.get("/")
    before = LoginSession.objects.get()
    session = opened(here)
    change_password(user)
    write_hash(session, user)
    assert served(here, session)
    (after,) = LoginSession.objects.exclude(pk=before.pk)
    (event,) = LogoutEvent.objects.all()
    before.refresh_from_db()
    assert (before.event, event.reason, event.sessions) == (event, Reason.PASSWORD_CHANGED, 1)
    assert (after.ended_at, after.created_at) == (None, before.ended_at)
    same = ("authenticated_at", "device", "ip_address", "user_agent", "backend", "newest_cutoff")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert [entry["id"] for entry in listed(here)] == [str(after.pk)]


@pytest.mark.parametrize(
    "target",
    [Target.user, lambda user: Target.session(LoginSession.objects.get(ended_at=None).pk)],
    ids=["user", "session"],
)
def test_kept_session_ends_like_any_other(
    engine: str, user: Any, target: Callable[[Any], Target]
) -> None:
    here = logged_in(user)
    session = opened(here)
    change_password(user)
    write_hash(session, user)
    assert served(here, session)
    assert end_sessions(target(user)).complete
    assert not served(here)


def test_session_from_before_installation_is_kept(engine: str, user: Any) -> None:
    """Its id is derived from its key, and every ending of all of its user's sessions covers it."""
    here = before_us(user)
    assert served(here)
    session = opened(here)
    change_password(user)
    write_hash(session, user)
    assert served(here, session)


def test_object_that_has_seen_nothing_since_is_emptied(engine: str, user: Any) -> None:
    """Reading the session between the change and the new hash shows nothing of it."""
    here = logged_in(user)
    fill_cart(here)
    change_password(user)
    session = opened(here)
    assert dict(session.items()) == {}
    assert not served(copy_of(here))


ENDINGS = {
    "user": lambda user: end_sessions(Target.user(user), reason=Reason.PASSWORD_CHANGED),
    "users": lambda user: end_sessions(Target.users(type(user).objects.all())),
    "everyone": lambda user: end_sessions(Target.everyone()),
    "others": lambda user: logged_in(user).post("/accounts/sessions/end-others/"),
    "disabled": lambda user: type(user).objects.filter(pk=user.pk).update(is_active=False),
    "deleted": lambda user: user.delete(),
    "again": lambda user: change_password(user, "newer"),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("open_session", OPEN)
def test_nothing_is_kept_after_another_ending(
    engine: str, user: Any, open_session: Callable[[Client], Any], ending: str
) -> None:
    """It would have ended the session too."""
    here = logged_in(user)
    session = open_session(here)
    change_password(user)
    ENDINGS[ending](user)
    with suppress(UpdateError):
        write_hash(session, user)
    assert not served(here, session if session.session_key else None)


def test_ending_that_looks_before_the_row_is_committed(
    engine: str, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The continued session finds the ending, which could not find the session."""
    here = logged_in(user)
    session = opened(here)
    change_password(user)
    save = LoginSession.save

    def end_first(row: LoginSession, **options: Any) -> None:
        monkeypatch.setattr(LoginSession, "save", save)
        end_sessions(Target.user(user), reason=Reason.ADMIN)
        save(row, **options)

    monkeypatch.setattr(LoginSession, "save", end_first)
    with pytest.raises(UpdateError):
        write_hash(session, user)
    assert not served(here)


@pytest.mark.parametrize("open_session", OPEN)
@pytest.mark.parametrize("reason", [Reason.PASSWORD_CHANGED, Reason.ADMIN])
def test_ending_that_was_asked_for_is_final(
    engine: str, user: Any, open_session: Callable[[Client], Any], reason: Reason
) -> None:
    """Code has called ``end_sessions()`` itself. Writing a hash undoes nothing."""
    here = logged_in(user)
    session = open_session(here)
    end_sessions(Target.user(user), reason=reason)
    with suppress(UpdateError):
        write_hash(session, user)
    assert not served(here, session if session.session_key else None)


@pytest.mark.parametrize("open_session", OPEN)
def test_other_code_keeps_nothing(
    engine: str, user: Any, open_session: Callable[[Client], Any]
) -> None:
    """A task that has the new hash did not change the password."""
    here = logged_in(user)
    session = open_session(here)
    change_password(user)
    with suppress(UpdateError):
        Context().run(write_hash, session, user)
    assert not served(here, session if session.session_key else None)


@pytest.mark.parametrize("open_session", OPEN)
def test_request_keeps_no_session_but_its_own(
    engine: str, user: Any, other: Any, open_session: Callable[[Client], Any]
) -> None:
    """An administrator's request does not keep a session of the user whose password it changes."""
    here = logged_in(user)
    request = HttpRequest()
    request.session, request.user = loaded(logged_in(other)), other
    token = current_request.set(request)
    try:
        session = open_session(here)
        change_password(user)
        with suppress(UpdateError):
            write_hash(session, user)
    finally:
        current_request.reset(token)
    assert not served(here, session if session.session_key else None)


def test_wrong_hash_keeps_nothing(engine: str, user: Any, other: Any) -> None:
    """Neither that of another user, nor that of the previous password."""
    old = user.get_session_auth_hash()
    for wrong in (old, other.get_session_auth_hash(), ""):
        here = logged_in(user)
        session = opened(here)
        change_password(user)
        session[HASH_SESSION_KEY] = wrong
        session.save()
        assert not served(here, session)


def test_session_of_another_user_is_not_kept(engine: str, user: Any, other: Any) -> None:
    """Code that writes another user into an ended session makes no login of it."""
    here = logged_in(user)
    session = opened(here)
    change_password(user)
    session[SESSION_KEY] = str(other.pk)
    with suppress(UpdateError):
        write_hash(session, user)
    assert logged_in_as(here) == ""


@pytest.mark.parametrize("stored", ["nothing", "another login"])
def test_session_whose_data_are_lost_is_not_kept(
    engine: str, user: Any, other: Any, stored: str
) -> None:
    """Without them there is no login that could go on. A signed cookie is its own data."""
    here = logged_in(user)
    session, key = opened(here), here.cookies["sessionid"].value
    change_password(user)
    assert SESSION_KEY not in session
    store(None).delete(key)
    if stored == "another login":
        replacement = unguarded_store(key)
        replacement.update(login_keys(other))
        replacement.save()
    write_hash(session, user)
    assert served(here, session) == (engine == "signed_cookies")


def test_session_is_active_again_after_rollback(engine: str, user: Any) -> None:
    """Nothing has ended, so nothing has to be kept: it is the same login."""
    here = logged_in(user)
    session, before = loaded(here), LoginSession.objects.get()
    with suppress(ZeroDivisionError), transaction.atomic():
        change_password(user)
        raise ZeroDivisionError
    user.refresh_from_db()
    write_hash(session, user)
    assert served(here, session)
    assert LoginSession.objects.get().pk == before.pk
    assert authenticate(username="ann", password="pw") == user
