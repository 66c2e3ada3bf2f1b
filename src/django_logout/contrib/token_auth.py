"""Whoever comes with a token that is valid by itself: the login that it is of may have ended.

Knows no library: those that issue tokens bring what is written in them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError, transaction

from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.exceptions import TokenRefused, unavailable_on
from django_logout.guard import cutoff_cache, decision, status_cache
from django_logout.guard.presented import BEARER
from django_logout.models import LoginSession
from django_logout.policies import session_limits
from django_logout.policies.account_changes import reason_of
from django_logout.revokers import bindings
from django_logout.sessions import activity, cutoffs, registry, status, token_logins
from django_logout.sessions.cutoffs import LastCutoff
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from django_logout.signals import session_started
from django_logout.types import Target
from django_logout.utils.context import current_request

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger("django_logout")


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a valid token says."""

    user_pk: Any
    issued: float
    "Seconds since the epoch (``iat`` of RFC 7519); 0 if it does not say."
    family: UUID | None = None
    "The login that it is of; ``None``: it does not say."


def check(bearer: Bearer) -> None:
    """Whether a token may be served. At most one cache read; the database is asked where the cache
    does not know.

    Raises :class:`TokenRefused`, and :class:`SessionUnavailable` where nobody can tell.
    """
    request = current_request.get()
    with unavailable_on(DatabaseError):
        if bearer.family is None:
            _insist(cutoff_cache.last_cutoff(bearer.user_pk), bearer)
            return
        identity = _identity(bearer, bearer.family)
        _admit(identity, status_cache.get_status(identity), request)
    if request is not None:
        setattr(request, BEARER, bearer.family)
        _touch(bearer.family, request)


def begin(user: Any, expires: datetime) -> UUID:
    """Register a login by tokens, and announce it; the tokens are to carry the id that it gives.

    One that is made in a browser in which the same user is logged in ends with that session.
    Raises :class:`TokenRefused` if the account has changed meanwhile so that no login may come of
    it, and what :func:`session_limits.register_within_limit` raises.
    """
    request = current_request.get()
    with unavailable_on(DatabaseError):
        row = _begin(user, request, partial(_enter, user, request, expires))
    session_started.send_robust(sender=LoginSession, session=row, request=request)
    return row.pk


def _begin(
    user: Any, request: HttpRequest | None, enter: Callable[[], LoginSession]
) -> LoginSession:
    session_id = _session_here(request, user)
    if session_id is None:
        return session_limits.register_within_limit(enter, user, request)
    row = enter()
    if not bindings.bind_to_session(token_logins.KIND, row.pk, session_id):
        registry.delete_unfinished_login(row.pk)
        raise TokenRefused(Reason.UNKNOWN)
    return row


def resume(bearer: Bearer, *, name: str, expires: datetime, listed: Any = None) -> UUID:
    """The login of a token that is to be exchanged for a new one, before that is made. One whose
    tokens do not say which they are of is adopted, by the name (``jti``) of this one; ``listed``
    is the key of its row in the library's list.

    Raises like :func:`check`; asks the database.
    """
    with unavailable_on(DatabaseError):
        family = bearer.family or _adopt(bearer, name, expires, listed)
        identity = _identity(bearer, family)
        _admit(identity, status.get_status(identity), current_request.get())
    return family


def go_on(bearer: Bearer, family: UUID, expires: datetime) -> None:
    """The new token has been made: raises :class:`TokenRefused` if the login has ended meanwhile,
    and the new one must not be handed out."""
    with unavailable_on(DatabaseError):
        went_on = token_logins.extend_login(family, expires)
        standing = status.get_status(_identity(bearer, family))
    if not (went_on and standing.active):
        raise TokenRefused(standing.reason)


def _identity(bearer: Bearer, family: UUID) -> Identity:
    return Identity(family, str(bearer.user_pk), registered=True)


def _insist(cut: LastCutoff, bearer: Bearer) -> None:
    if cut.covers(bearer.issued):
        raise TokenRefused(cut.reason)


def _admit(identity: Identity, standing: SessionStatus, request: HttpRequest | None) -> None:
    if standing.active:
        standing = decision.timeouts_from_memory(identity) or decision.timeouts_from_row(
            identity, request
        )
    if standing.expired:
        target = Target.session(identity.id)
        pipeline.end_sessions(target, reason=standing.reason, request=request)
    if not standing.active:
        raise TokenRefused(standing.reason)


def _touch(family: UUID, request: HttpRequest) -> None:
    if activity.record_use(family, request):
        try:
            activity.touch(family, request)
        except DatabaseError:
            logger.exception("When a token was last seen could not be written.")


def _enter(user: Any, request: HttpRequest | None, expires: datetime) -> LoginSession:
    with transaction.atomic(using=registry.database()):
        now = session_limits.lock_user(user).first()
        # The password was proved before; a change of it that is being committed right now would
        # end this login only if it saw it.
        reason = Reason.DELETED if now is None else reason_of(user, now)
        if reason is not None:
            raise TokenRefused(reason)
        return token_logins.register(user, request, expires=expires)


def _session_here(request: HttpRequest | None, user: Any) -> UUID | None:
    session: Any = getattr(request, "session", None)
    if session is not None and session.session_key:
        session.get(SESSION_KEY)  # loads it: a view that gives tokens for a password does not
    return bindings.current_session_id(user.pk)


def _adopt(bearer: Bearer, name: str, expires: datetime, listed: Any) -> UUID:
    _insist(cutoffs.last_cutoff_of(bearer.user_pk), bearer)
    begun = datetime.fromtimestamp(bearer.issued, UTC if settings.USE_TZ else None)
    family = token_logins.adopt(name, bearer.user_pk, begun=begun, expires=expires)
    session_id = (
        None
        if listed is None
        else bindings.bound_session_id(bindings.public_id(token_logins.KIND, listed))
    )
    if session_id is not None and not bindings.bind_to_session(
        token_logins.KIND, family, session_id
    ):
        raise TokenRefused(Reason.UNKNOWN)
    return family
