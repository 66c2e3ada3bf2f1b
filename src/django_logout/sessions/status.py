"""The status of a session by the registry's rows, which are the truth; the cache only keeps it."""

from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.crypto import constant_time_compare

from django_logout.enums import SESSION, Reason, Scope
from django_logout.models import LogoutEvent
from django_logout.sessions.cutoffs import covering, last_cutoff_of, later_than_session
from django_logout.sessions.identity import Identity, is_adopted, parse_user_id
from django_logout.sessions.registry import (
    database,
    find_user,
    is_user,
    sessions,
)
from django_logout.utils.lazy import lazy_import

# Few sessions have no id, and none some time after the installation.
may_adopt = lazy_import("sessions.adoption.may_adopt")


class SessionStatus(NamedTuple):
    """Whether a session is active, and if not, why."""

    active: bool
    reason: str = Reason.UNKNOWN
    expired: bool = False  # a timeout has passed, but its ending is not recorded yet
    foreign: bool = False  # the session's data name another user than the row


def get_status(identity: Identity) -> SessionStatus:
    """Return the status of one session.

    A session with an id of ours is not active without a row, or with the row of another user. A
    session without an id is active if it may be from before the installation, unless a cutoff
    covers its user.
    """
    later = later_than_session(covering(OuterRef("user")))
    rows = sessions().filter(pk=identity.id).annotate(cut=Subquery(later.values("reason")[:1]))
    fields = ("ended_at", "event__reason", "cut", "created_at", "kind", "user_id", "account")
    row = rows.values_list(*fields).first()
    if row is not None:
        ended_at, reason, cut, created_at, kind, user_id, account = row
        if not (identity.signed or is_user(user_id, account, identity.user_id)):
            # An application may let its users write session data, and so the id of another user.
            return SessionStatus(False, foreign=True)
        if ended_at is not None:
            return SessionStatus(False, reason or Reason.UNKNOWN)
        if cut is not None:
            return SessionStatus(False, public_reason(cut))
        if not is_adopted(identity.id):
            return SessionStatus(True)
        if kind != SESSION:  # a token login, whose tokens say when they were issued
            last = last_cutoff_of(user_id)
            covered = last.covers(created_at.timestamp())
            return SessionStatus(False, last.reason) if covered else SessionStatus(True)
    elif identity.registered:
        return SessionStatus(False)
    elif not may_adopt(identity.written_at):
        return SessionStatus(False, Reason.EXPIRED)
    user_pk = parse_user_id(identity.user_id)
    if user_pk is None:
        return SessionStatus(False)
    # It began before the installation, so before any ending of all of its user's sessions, even if
    # a request in flight adopted it only afterwards.
    # A session that ended the others had a row by then.
    others = Q(scope=Scope.OTHERS, **({"created_at__lt": row[3]} if row is not None else {}))
    endings = LogoutEvent.objects.using(database()).filter(user_id=user_pk)
    why = covering(user_pk).values_list("reason", flat=True).first()
    if why is None:
        everywhere = endings.filter(Q(scope=Scope.USER) | others)
        why = everywhere.values_list("reason", flat=True).first()
    return SessionStatus(True) if why is None else SessionStatus(False, public_reason(why))


def public_reason(reason: str) -> str:
    """Return the reason to show for a cutoff: "you logged out" is not true of this session."""
    return Reason.CUTOFF if reason == Reason.USER else reason or Reason.UNKNOWN


def why_login_refused(user_id: str, auth_hash: str) -> Reason | None:
    """Return why Django refuses a user's session with this auth hash; ``None`` if it does not."""
    return why_refused(find_user(user_id), auth_hash)


def why_refused(user: Any, auth_hash: str) -> Reason | None:
    """Return why Django refuses a session of a user with this auth hash; ``None`` if it does not."""
    if user is None:
        return Reason.DELETED
    if not getattr(user, "is_active", True):
        return Reason.DISABLED
    return None if auth_hash_matches(user, auth_hash) else Reason.PASSWORD_CHANGED


def auth_hash_matches(user: Any, given: str) -> bool:
    """Return whether Django serves a session of the user that holds this auth hash.

    Every hash matches if the user model has none. ``get_session_auth_fallback_hash()`` is looked
    up with care, since a user model with a hash of its own need not have it.
    """
    if not hasattr(user, "get_session_auth_hash"):
        return True
    fallbacks = getattr(user, "get_session_auth_fallback_hash", tuple)
    hashes = chain([user.get_session_auth_hash()], fallbacks())
    return any(constant_time_compare(given, each) for each in hashes)


def kept_by_credential_change(session_id: UUID) -> bool:
    """Return whether a session stayed active when its user changed the password, or a factor, in it."""
    changed = LogoutEvent.objects.filter(
        user=OuterRef("user"),
        scope=Scope.OTHERS,
        reason__in=[Reason.PASSWORD_CHANGED, Reason.FACTOR_CHANGED],
        created_at__gt=OuterRef("authenticated_at"),
    )
    mine = sessions().filter(pk=session_id, ended_at__isnull=True)
    return mine.filter(Exists(changed)).exists()
