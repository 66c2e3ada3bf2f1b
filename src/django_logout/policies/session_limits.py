"""Limit the number of sessions that a user may have (``MAX_SESSIONS``).

At the limit the oldest session ends, the login is refused, or the login waits until its user has
chosen which sessions end (:mod:`.pending_login`).

The sessions are counted after the row of the login is written. So of two logins that race for the
last place, the one that counts last sees both. Where no session may end for a login, that would be
too late: there the logins of a user are serialized by a lock.
"""

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.contrib.sessions.backends.base import SessionBase
from django.db import Error, connections, transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from django_logout.conf import logout_settings
from django_logout.ending import pipeline
from django_logout.enums import SESSION, Reason
from django_logout.exceptions import LoginRefused, SessionNotEnded
from django_logout.guard import half_logins
from django_logout.guard.install import state_of
from django_logout.guard.presented import set_anonymous_user
from django_logout.models import LoginSession
from django_logout.policies import pending_login
from django_logout.revokers import bindings
from django_logout.sessions import cutoffs, identity, registry, timeouts, token_logins
from django_logout.sessions.identity import LOGIN_KEYS
from django_logout.signals import session_started
from django_logout.types import Target
from django_logout.utils.transactions import call_after_commit, in_transaction, retry

#: Where a request holds the token logins that it has begun.
ISSUED = "_django_logout_issued"

_rehearsed = ContextVar("django_logout_rehearsed", default=False)


@contextmanager
def rehearsal() -> Iterator[None]:
    """Exempt logins that are removed at once from the limit, and do not announce them."""
    token = _rehearsed.set(True)
    try:
        yield
    finally:
        _rehearsed.reset(token)


def max_sessions(user: Any, request: HttpRequest | None) -> int | None:
    """Return how many sessions this user may have; ``None`` means any number."""
    limit = None if _rehearsed.get() else logout_settings().MAX_SESSIONS
    number: int | None = limit(user, request) if callable(limit) else limit
    return number


def register_login(
    session: SessionBase, user: Any, request: HttpRequest, *, session_id: UUID | None = None
) -> LoginSession:
    """Register a login within the limit, and announce it.

    Raises :class:`LoginRefused` if the user has too many sessions, and :class:`SessionNotEnded` if
    the oldest one could not be ended. The user of the request is anonymous then.
    """

    def create_row() -> LoginSession:
        if session_id is not None and registry.row_exists(session_id):
            raise LoginRefused("This login has already been completed or cancelled.")
        return registry.register_session(session, user, request, session_id=session_id)

    # Tokens that this login has issued before are part of it.
    token_ids = _token_logins(request).get(user.pk, [])
    try:
        replaced = _replaced_ids(request).union(token_ids)
        row = register_within_limit(create_row, user, request, replaced)
        for token_id in token_ids:
            bindings.bind_to_session(token_logins.KIND, token_id, row.pk)
    except LoginRefused:
        for token_id in token_ids:
            registry.delete_unfinished_login(token_id)
        state_of(request).turned_away = True
        undo_login(request, offer=logout_settings().ON_MAX_SESSIONS == "ask")
        raise
    except SessionNotEnded:
        undo_login(request)
        raise
    if not _rehearsed.get():
        session_started.send_robust(sender=LoginSession, session=row, request=request)
    return row


def note_token_login(request: HttpRequest | None, user: Any, token_id: UUID) -> None:
    """Note that a request has issued tokens. If it logs its browser in too, that is one login."""
    if request is not None:
        _token_logins(request).setdefault(user.pk, []).append(token_id)


def _token_logins(request: HttpRequest) -> dict[Any, list[UUID]]:
    """Return the ids of the token logins that a request has begun, by user."""
    request = getattr(request, "_request", request)  # REST framework wraps it.
    noted: dict[Any, list[UUID]] = vars(request).setdefault(ISSUED, {})
    return noted


def refuse_outdated_proof(request: HttpRequest, user: Any) -> None:
    """Refuse a login that was begun before all sessions of its user were ended.

    It costs two queries, and only if the session held the first part of a login of this user.
    Raises :class:`LoginRefused`; the user of the request is anonymous then.
    """
    state = state_of(request)
    proved = half_logins.proved_at(state.half_logins, user)
    if proved is None:
        return
    # A request that resets the password ends the others, and may log its user in afterwards.
    moment = cutoffs.moment_of(proved)
    if not cutoffs.all_ended_since(user.pk, moment, but=state.caused):
        return
    state.turned_away = state.lapsed = True
    for name in half_logins.names_of_user(state.half_logins, user):
        request.session.pop(name, None)
    undo_login(request)
    raise LoginRefused("This login was begun before the user was logged out everywhere.")


def register_within_limit(
    create_row: Callable[[], LoginSession],
    user: Any,
    request: HttpRequest | None,
    replaced_ids: Set[UUID] = frozenset(),
) -> LoginSession:
    """Create the row of a login of any kind, and end the oldest sessions beyond the limit.

    Sessions that the login replaces do not count. Raises like :func:`register_login`.
    """
    limit, database = max_sessions(user, request), registry.database()
    nested = in_transaction(database)
    seen = cutoffs.endings_seen(user.pk) if nested else frozenset()
    on_commit = partial(call_after_commit, database)
    if limit is None:
        row = create_row()
    elif logout_settings().ON_MAX_SESSIONS != "end_oldest":
        row = retry(
            partial(_create_if_free, create_row, user, request, replaced_ids, limit), database
        )
    else:
        row = create_row()
        end_oldest = partial(_end_oldest, row, replaced_ids, user, request, limit)
        try:
            end_oldest()
        except SessionNotEnded:
            with suppress(Error):
                registry.delete_unfinished_login(row.pk)
            raise
        if nested:
            # Until the commit, this login and concurrent ones do not see each other.
            on_commit(end_oldest)
    if nested:
        on_commit(partial(_end_if_cut_off, row, seen, request))
    return row


def _create_if_free(
    create_row: Callable[[], LoginSession],
    user: Any,
    request: HttpRequest | None,
    replaced_ids: Set[UUID],
    limit: int,
) -> LoginSession:
    with transaction.atomic(using=registry.database()):
        lock_user(user)
        counted = counted_logins(user, request).exclude(pk__in=replaced_ids)
        if counted.count() >= limit and registry.only_stored(counted).count() >= limit:
            raise LoginRefused("The user has as many sessions as MAX_SESSIONS allows.")
        return create_row()


def _end_oldest(
    row: LoginSession, replaced_ids: Set[UUID], user: Any, request: HttpRequest | None, limit: int
) -> None:
    now = timezone.now()

    def age_order(found: tuple[UUID, datetime, str]) -> tuple[bool, datetime, bool]:
        pk, created_at, kind = found
        backfilled = kind == SESSION and identity.is_adopted(pk)
        # The clock of another machine may be ahead. The new login counts as younger than a session
        # that is there already, whatever time that session claims.
        return not backfilled, row.created_at if created_at > now else created_at, pk == row.pk

    # Ties are broken by primary key, in the same order for all processes. Otherwise two logins that
    # race could end each other.
    counted = counted_logins(user, request).exclude(pk__in=replaced_ids - {row.pk}).order_by("pk")
    found = counted.values_list("pk", "created_at", "kind")
    if len(found) > limit:  # A session that the engine has lost takes no place.
        found = registry.only_stored(counted).values_list("pk", "created_at", "kind")
    if oldest := [pk for pk, *_ in sorted(found, key=age_order, reverse=True)[limit:]]:
        target = Target.sessions(oldest)
        pipeline.end_sessions(target, reason=Reason.LIMIT, actor=user, request=request)


def _end_if_cut_off(row: LoginSession, seen: frozenset[str], request: HttpRequest | None) -> None:
    """End a login if all sessions of its user were ended while its transaction was open, and so
    could not be seen by that ending. Its own request may have ended the others meanwhile."""
    kept_by = set() if request is None else state_of(request).kept_by
    if cutoffs.endings_seen(row.user_id) - seen - kept_by:
        pipeline.end_sessions(Target.session(row.pk), reason=Reason.CUTOFF)


def active_sessions(user: Any, request: HttpRequest | None) -> QuerySet[LoginSession]:
    """Return the sessions of a user that have neither ended nor expired, without their keys.

    Those in which the user is impersonated are not among them.

    The rows may be outdated by one interval, because processes write activity at most that often.
    """
    settings, now = logout_settings(), timezone.now()
    limits = timeouts.limits_for(settings, user, request)
    interval = timeouts.touch_interval(settings, limits)
    rows = registry.sessions().filter(user_id=user.pk, origin__isnull=True)
    rows = registry.only_active(rows)
    rows = rows.filter(expires_at__gt=now - interval).defer("session_key", "rotated_from")
    if limits.absolute_timeout is not None:
        rows = rows.filter(authenticated_at__gt=now - limits.absolute_timeout)
    if limits.idle_timeout is not None:
        rows = rows.filter(last_seen_at__gt=now - limits.idle_timeout - interval)
    return rows


def counted_sessions(user: Any, request: HttpRequest) -> QuerySet[LoginSession]:
    """Return the sessions that count when this request logs in."""
    return counted_logins(user, request).exclude(pk__in=_replaced_ids(request))


def counted_logins(user: Any, request: HttpRequest | None) -> QuerySet[LoginSession]:
    """Return the sessions that count one each: tokens obtained in a session are part of it."""
    return token_logins.without_tied(active_sessions(user, request))


def _replaced_ids(request: HttpRequest) -> set[UUID]:
    """Return sessions that are about to end, because the browser of a login replaces them, or
    because they expired in it."""
    state = state_of(request)
    origins = {origin.pk for origin in state.origins}
    refused = {state.refused[0].id} if state.refused else set()
    lost: set[UUID] = set()
    if state.key_unknown and state.key and logout_settings().MAX_SESSIONS is not None:
        lost.update(registry.ids_by_key(state.key))  # The engine has lost this browser's session.
    return state.logins_seen.keys() | origins | refused | lost


def lock_user(user: Any) -> QuerySet[Any]:
    """Lock the user's row, so that concurrent logins and account changes are serialized.

    Returns a queryset of the user as stored now. Databases without row locks are locked by a write,
    which waits for all other writes.
    """
    database = registry.database()
    features, rows = connections[database].features, registry.users().filter(pk=user.pk)
    if features.has_select_for_update:
        # A full lock would block the insertion of rows that refer to the user, and so every login.
        rows = rows.select_for_update(no_key=features.has_select_for_no_key_update)
        list(rows.values_list("pk"))
    else:
        registry.sessions().filter(pk=uuid4()).update(replays=F("replays"))
    return rows


def undo_login(request: HttpRequest, *, offer: bool = False) -> None:
    """Make the request anonymous, even if the project catches the exception.

    All other data of the session stay, such as the cart of a guest. With ``offer`` the session
    keeps a pending login.
    """
    session: Any = request.session
    pending = pending_login.sign_pending_login(request) if offer else None
    for key in (*LOGIN_KEYS, identity.STARTED_AT_KEY, pending_login.KEY):
        session.pop(key, None)
    # Drop the key, which is new since this login: a transaction of the project may roll it back.
    # Engines without keys hold nothing but the data.
    if session.engine.keyed:
        session.delete(session.session_key)
    session._session_key = session.state.key = session.state.identity = None
    session.modified = True
    set_anonymous_user(request)
    if pending is not None:
        session[pending_login.KEY], session.state.pending_login_secret = pending
