"""Check whether the login behind a self-contained token (JWT) is still active.

This module knows no library that issues tokens. The adapters pass what a token says.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.http import HttpRequest

from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.exceptions import TokenRefused, unavailable_on_outage
from django_logout.guard import cutoff_cache, decision, status_cache
from django_logout.guard.presented import BEARER
from django_logout.models import LoginSession
from django_logout.policies import session_limits
from django_logout.policies.account_changes import reason_of
from django_logout.revokers import bindings
from django_logout.sessions import activity, cutoffs, registry, token_logins
from django_logout.sessions import status as session_status
from django_logout.sessions.cutoffs import LastCutoff
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from django_logout.signals import session_started
from django_logout.types import Target
from django_logout.utils.context import current_request


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a valid token says."""

    user_pk: Any
    issued_at: float
    "Seconds since the epoch (``iat`` of RFC 7519); 0 if the token does not say."
    login_id: UUID | None = None
    "The login that the token belongs to; ``None`` if the token does not say."


def check_login(claims: TokenClaims) -> None:
    """Accept a token only if its login is active, and record the activity.

    Reads the cache at most once, and the database only if the cache has no answer. Raises
    :class:`TokenRefused`, or :class:`SessionUnavailable` if the status is unknown.
    """
    request = current_request.get()
    with unavailable_on_outage():
        if claims.login_id is None:
            _require_newer(claims, cutoff_cache.last_cutoff(claims.user_pk))
            return
        identity = _identity(claims, claims.login_id)
        _require_active(identity, status_cache.get_status(identity), request)
    if request is None:
        return
    setattr(request, BEARER, claims.login_id)
    activity.write_use(claims.login_id, request)


def start_login(user: Any, expires: datetime) -> UUID:
    """Register a token login and announce it. Return its id, which the tokens have to carry.

    If the same user is logged in to the session of the request, the login is bound to that session.
    Raises :class:`TokenRefused` if the account or the session has changed meanwhile so that no
    login is allowed, and what :func:`session_limits.register_within_limit` raises.
    """
    request = current_request.get()

    def create_row() -> LoginSession:
        with transaction.atomic(using=registry.database()):
            stored = session_limits.lock_user(user).first()
            # The password was verified before. A concurrent change of it ends this login only if
            # that transaction sees the row, so look for the change under the lock.
            reason = Reason.DELETED if stored is None else reason_of(user, stored)
            if reason is not None:
                raise TokenRefused(reason)
            return token_logins.register_login(user, request, expires=expires)

    with unavailable_on_outage():
        session: Any = getattr(request, "session", None)
        if session is not None and session.session_key:
            # Load the session: a view that issues tokens for a password does not.
            session.get(SESSION_KEY)
        session_id = bindings.current_session_id(user.pk)
        if session_id is None:
            row = session_limits.register_within_limit(create_row, user, request)
            session_limits.note_token_login(request, user, row.pk)
        else:
            row = create_row()
            if not bindings.bind_to_session(token_logins.KIND, row.pk, session_id):
                registry.delete_unfinished_login(row.pk)
                raise TokenRefused(Reason.UNKNOWN)
    session_started.send_robust(sender=LoginSession, session=row, request=request)
    return row.pk


def resume_login(claims: TokenClaims, *, name: str, expires: datetime, listed: Any = None) -> UUID:
    """Return the login of a token that is about to be refreshed, after a check in the database.

    For a token that names no login, one is registered under the ``name`` (``jti``) of the token.
    ``listed`` is the primary key of its row in the library's list, which may be bound to a session.
    Raises like :func:`check_login`.
    """
    with unavailable_on_outage():
        login_id = claims.login_id
        if login_id is None:
            _require_newer(claims, cutoffs.last_cutoff_of(claims.user_pk))
            issued = cutoffs.moment_of(claims.issued_at)
            login_id = token_logins.adopt_login(name, claims.user_pk, begun=issued, expires=expires)
            if listed is not None:
                listed_id = bindings.public_id(token_logins.KIND, listed)
                session_id = bindings.bound_session_id(listed_id)
                if session_id is not None and not bindings.bind_to_session(
                    token_logins.KIND, login_id, session_id
                ):
                    raise TokenRefused(Reason.UNKNOWN)
        identity = _identity(claims, login_id)
        _require_active(identity, session_status.get_status(identity), current_request.get())
    return login_id


def extend_login(claims: TokenClaims, login_id: UUID, expires: datetime) -> None:
    """Extend a login to the expiry of its new token.

    Raises :class:`TokenRefused` if the login has ended while the token was made. The new token must
    not be handed out then.
    """
    with unavailable_on_outage():
        extended = token_logins.extend_login(login_id, expires)
        status = session_status.get_status(_identity(claims, login_id))
    if not (extended and status.active):
        raise TokenRefused(status.reason)


def _identity(claims: TokenClaims, login_id: UUID) -> Identity:
    return Identity(login_id, str(claims.user_pk), registered=True, signed=True)


def _require_newer(claims: TokenClaims, cutoff: LastCutoff) -> None:
    if cutoff.covers(claims.issued_at):
        raise TokenRefused(cutoff.reason)


def _require_active(identity: Identity, status: SessionStatus, request: HttpRequest | None) -> None:
    """Refuse a login that has ended, and end one that has expired."""
    if status.active:
        status = decision.check_timeouts(identity, request)
    if status.expired:
        target = Target.session(identity.id)
        pipeline.end_sessions(target, reason=status.reason, request=request)
    if not status.active:
        raise TokenRefused(status.reason)
