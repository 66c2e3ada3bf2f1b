"""How many sessions one user may have, and what becomes of a login beyond that: the oldest session
ends, the login is refused, or it waits until its user has chosen what ends (:mod:`.choice`).

The registry is asked after the login is in it, so of two logins that race for the last place
whoever asks last sees both. Where that is too late, since nobody may be put out, they take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.db import DatabaseError, connections, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from django_logout.conf import logout_settings
from django_logout.ending import pipeline
from django_logout.enums import SESSION, Reason
from django_logout.exceptions import LoginRefused, SessionNotEnded
from django_logout.guard.install import guard
from django_logout.guard.presented import set_anonymous_user
from django_logout.guard.store import LOGIN_KEYS
from django_logout.models import LoginSession
from django_logout.policies import pending_login
from django_logout.sessions import cutoffs, identity, registry, timeouts, token_logins
from django_logout.signals import session_started
from django_logout.types import Target

if TYPE_CHECKING:
    from django.http import HttpRequest

_rehearsed = ContextVar("django_logout_rehearsed", default=False)


@contextmanager
def rehearsal() -> Iterator[None]:
    """Logins that are cleared away at once: they take nobody's place, and nobody is told of them."""
    token = _rehearsed.set(True)
    try:
        yield
    finally:
        _rehearsed.reset(token)


def register(
    session: SessionBase, user: Any, request: HttpRequest, *, session_id: UUID | None = None
) -> LoginSession:
    """Register a login, make room for it, and announce it. Raises :class:`LoginRefused` if there is
    none, and :class:`SessionNotEnded` if that cannot be had; then the request is nobody's."""
    row = _register(session, user, request, session_id)
    if not _rehearsed.get():
        session_started.send_robust(sender=LoginSession, session=row, request=request)
    return row


def _register(
    session: SessionBase, user: Any, request: HttpRequest, session_id: UUID | None
) -> LoginSession:
    enter = partial(registry.register, session, user, request, session_id=session_id)
    counted = partial(counted_sessions, user, request)
    try:
        return register_within_limit(
            partial(_create_row, enter, session_id), user, request, counted
        )
    except LoginRefused:
        guard(request.session).turned_away = True
        _turn_away(request, ask=logout_settings().ON_MAX_SESSIONS == "ask")
        raise
    except SessionNotEnded:
        _turn_away(request)
        raise


def _create_row(enter: Callable[[], LoginSession], session_id: UUID | None) -> LoginSession:
    if session_id is not None and registry.exists(session_id):
        raise LoginRefused("This login has come about already, or been cancelled.")
    return enter()


def register_within_limit(
    enter: Callable[[], LoginSession],
    user: Any,
    request: HttpRequest | None,
    counted: Callable[[UUID | None], QuerySet[LoginSession]],
) -> LoginSession:
    """Let a login, of whatever kind, write its row, and make room for it among the sessions that
    count (those of a request, beside the row itself). Raises like :func:`register`."""
    row = _admit(enter, user, request, counted)
    if connections[registry.database()].in_atomic_block:
        transaction.on_commit(partial(_end_if_late, row), using=registry.database(), robust=True)
    return row


def _admit(
    enter: Callable[[], LoginSession],
    user: Any,
    request: HttpRequest | None,
    counted: Callable[[UUID | None], QuerySet[LoginSession]],
) -> LoginSession:
    limit = allowed(user, request)
    if limit is None:
        return enter()
    if logout_settings().ON_MAX_SESSIONS != "end_oldest":
        with transaction.atomic(using=registry.database()):
            lock_user(user)
            if counted(None).count() >= limit:
                raise LoginRefused("This user has as many sessions as are allowed.")
            return enter()
    row = enter()
    _make_room(row, partial(_end_oldest, row, counted, user, request, limit))
    return row


def _end_if_late(row: LoginSession) -> None:
    """All of its user's sessions were ended while the transaction of this login was open, and
    could not see it."""
    if cutoffs.all_ended_since(row.user_id, row.created_at):
        pipeline.end_sessions(Target.session(row.pk), reason=Reason.CUTOFF)


def allowed(user: Any, request: HttpRequest | None) -> int | None:
    """How many sessions this user may have; ``None``: any number."""
    limit = None if _rehearsed.get() else logout_settings().MAX_SESSIONS
    number: int | None = limit(user, request) if callable(limit) else limit
    return number


def _make_room(row: LoginSession, end: Callable[[], None]) -> None:
    try:
        end()
    except SessionNotEnded:
        with suppress(DatabaseError):
            registry.delete_unfinished_login(row.pk)
        raise
    if connections[registry.database()].in_atomic_block:
        # Nobody else sees this login before it is committed, nor does it see others' till then.
        transaction.on_commit(end, using=registry.database(), robust=True)


def _end_oldest(
    row: LoginSession,
    counted: Callable[[UUID | None], QuerySet[LoginSession]],
    user: Any,
    request: HttpRequest | None,
    limit: int,
) -> None:
    # One order for all who ask, or two that race would end each other.
    found = counted(row.pk).order_by("pk").values_list("pk", "created_at", "kind")
    newest_first = sorted(found, key=partial(_age_order, row, timezone.now()), reverse=True)
    if oldest := [pk for pk, *_ in newest_first[limit:]]:
        target = Target.sessions(oldest)
        pipeline.end_sessions(target, reason=Reason.LIMIT, actor=user, request=request)


def _age_order(
    row: LoginSession, now: datetime, found: tuple[UUID, datetime, str]
) -> tuple[bool, datetime, bool]:
    """In what order sessions began, to whoever asks for a login: one from before our time before
    all others, and this login after what was there. (What is there and yet to come was written by
    a clock that is ahead.)"""
    pk, created_at, kind = found
    of_before = kind == SESSION and identity.is_adopted(pk)
    return not of_before, row.created_at if created_at > now else created_at, pk == row.pk


def active_sessions(user: Any, request: HttpRequest | None) -> QuerySet[LoginSession]:
    """Sessions of a user that are alive: not ended, and not expired so that nobody has noticed.
    What another process knows better than the row, it knows at most an interval better."""
    given, now = logout_settings(), timezone.now()
    limits = timeouts.limits_for(given, user, request)
    interval = timeouts.touch_interval(given, limits)
    rows = registry.active(registry.sessions().filter(user_id=user.pk))
    rows = rows.filter(expires_at__gt=now - interval)
    if limits.absolute_timeout is not None:
        rows = rows.filter(authenticated_at__gt=now - limits.absolute_timeout)
    if limits.idle_timeout is not None:
        rows = rows.filter(last_seen_at__gt=now - limits.idle_timeout - interval)
    return rows


def counted_sessions(
    user: Any, request: HttpRequest, mine: UUID | None = None
) -> QuerySet[LoginSession]:
    """Those of the sessions that count for a login by this request: what its browser has let go
    of in logging in, or what has expired in it, is about to end."""
    state = guard(request.session)
    refused = {state.refused[0].id} if state.refused else set()
    return counted_logins(user, request).exclude(
        pk__in=(state.logins_seen.keys() | refused) - {mine}
    )


def counted_logins(user: Any, request: HttpRequest | None) -> QuerySet[LoginSession]:
    """Sessions that count each for one: tokens that were obtained in a browser's are part of it."""
    return token_logins.without_tied(active_sessions(user, request))


def lock_user(user: Any) -> QuerySet[Any]:
    """Wait until nobody else is deciding on a login of this user, or changing the account; whoever
    waits sees what whoever went first has done. Gives the user as they are now, to be asked for.
    On databases that lock no rows, any write takes turns with all others."""
    database = registry.database()
    features, rows = connections[database].features, get_user_model()._base_manager.using(database)
    rows = rows.filter(pk=user.pk)
    if features.has_select_for_update:
        # Not a key: logins insert rows that point to the user, and must not lock each other out.
        rows = rows.select_for_update(no_key=features.has_select_for_no_key_update)
        list(rows.values_list("pk"))
    else:
        registry.sessions().filter(pk=uuid4()).update(replays=F("replays"))
    return rows


def _turn_away(request: HttpRequest, *, ask: bool = False) -> None:
    """Nobody is logged in here, whatever is done about the exception; guests keep their cart."""
    session: Any = request.session
    offer = pending_login.store(request) if ask else None
    _empty(request, session)
    session.pop(pending_login.KEY, None)
    if offer is not None:
        session[pending_login.KEY], session.state.pending_login_secret = offer.note, offer.secret


def _empty(request: HttpRequest, session: Any) -> None:
    for key in (*LOGIN_KEYS, identity.STARTED_AT_KEY):
        session.pop(key, None)
    # In somebody's transaction the session's key, new since this login, is about to be undone.
    if session.engine.keyed:  # else its data are all there is
        session.delete(session.session_key)
    session._session_key = session.state.key = session.state.identity = None
    session.modified = True
    set_anonymous_user(request)
