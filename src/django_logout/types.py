"""Value objects of an ending: its target, what it includes, and its result.

This module imports no models and no third party.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from django_logout.enums import CREDENTIAL, SESSION, Reason, Scope
from django_logout.utils.lazy import lazy_import

if TYPE_CHECKING:
    from django_logout.models import LoginSession, LogoutEvent

# Imported with the first target: most processes import this module before any session ends.
check_ids = lazy_import("utils.arguments.check_ids")
check_request = lazy_import("utils.arguments.check_request")
check_user = lazy_import("utils.arguments.check_user")
check_users = lazy_import("utils.arguments.check_users")
read_id = lazy_import("utils.arguments.read_id")


class UserLike(Protocol):
    """A user: a row of ``AUTH_USER_MODEL``, or what a token authenticates in place of it."""

    @property
    def pk(self) -> Any:
        """The primary key."""

    @property
    def is_authenticated(self) -> Any:
        """Whether this is a user, and not anonymous."""


class Target(NamedTuple):
    """What an ending ends. Created by the class methods only."""

    scope: Scope
    value: Any = None
    include_exempt: bool = False
    "Whether the credentials named by the setting ``EXEMPT_CREDENTIALS`` are revoked too."

    @classmethod
    def current(cls, request: HttpRequest) -> Target:
        """Select the session of the request, and those of duplicate cookies that it presented."""
        check_request("Target.current()", request)
        return cls(Scope.CURRENT, request)

    @classmethod
    def session(cls, session_id: UUID | str) -> Target:
        """Select one session, by its public id. Raises ``ValueError`` if the id is malformed."""
        return cls(Scope.SESSION, read_id("Target.session()", session_id))

    @classmethod
    def sessions(cls, sessions: QuerySet[LoginSession] | Iterable[UUID | str]) -> Target:
        """Select several sessions, of any users, by their public ids or by a queryset.

        The conditions of a queryset of ``LoginSession`` are part of the UPDATE that ends the
        sessions, so they cannot become outdated in between.

        Raises ``ValueError`` if an id is malformed.
        """
        call = "Target.sessions()"
        if not isinstance(sessions, QuerySet):
            check_ids(call, sessions)
            return cls(Scope.SESSIONS, tuple(read_id(call, value) for value in sessions))
        if sessions.model._meta.label_lower != "django_logout.loginsession":
            raise TypeError(
                f"{call} takes a queryset of LoginSession, not of {sessions.model.__name__}. "
                "For all sessions of users, write Target.users(queryset)."
            )
        return cls(Scope.SESSIONS, sessions)

    @classmethod
    def others(cls, request: HttpRequest) -> Target:
        """Select all sessions of the request's user except that of the request."""
        check_request("Target.others()", request)
        return cls(Scope.OTHERS, request)

    @classmethod
    def user(cls, user: UserLike) -> Target:
        """Select all sessions of one user.

        Raises ``TypeError`` for a primary key or a row of another model, and ``ValueError`` for an
        anonymous user.
        """
        check_user("Target.user()", user)
        return cls(Scope.USER, user)

    @classmethod
    def users(cls, queryset: QuerySet[Any]) -> Target:
        """Select all sessions of the users of a queryset. Raises ``TypeError`` for a list."""
        check_users("Target.users()", queryset)
        return cls(Scope.USERS, queryset)

    @classmethod
    def everyone(cls) -> Target:
        """Select all sessions of all users."""
        return cls(Scope.EVERYONE)

    @classmethod
    def credential(cls, user: UserLike, credential_id: UUID | str) -> Target:
        """Select one token of a user, by its id as in :class:`Credential`.

        Raises ``ValueError`` if the id is malformed. A token that does not exist is ignored.
        """
        call = "Target.credential()"
        check_user(call, user)
        return cls(Scope.CREDENTIAL, (user, read_id(call, credential_id)))

    @classmethod
    def check(cls, target: Any) -> None:
        """Raise ``TypeError`` if this is no target, with what to write instead."""
        if isinstance(target, cls):
            return
        if hasattr(target, "META"):
            instead = "Target.current(request)"
        elif isinstance(target, QuerySet):
            is_sessions = target.model._meta.label_lower == "django_logout.loginsession"
            instead = f"Target.{'sessions' if is_sessions else 'users'}(queryset)"
        elif isinstance(target, UUID | str):
            instead = "Target.session(session_id)"
        else:
            instead = (
                "Target.user(user)" if hasattr(target, "pk") else "Target.user(user), or another"
            )
        kind = target.__name__ if isinstance(target, type) else type(target).__name__
        raise TypeError(f"end_sessions() takes a Target, not {kind}. Write {instead}.")

    @property
    def owner(self) -> Any:
        """The user all of whose sessions the target selects, or all others; else ``None``."""
        if self.scope is Scope.OTHERS:
            return self.value.user
        return self.value if self.scope is Scope.USER else None

    def including_exempt(self) -> Target:
        """Return this target with the credentials included that are exempt otherwise."""
        return self._replace(include_exempt=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one revoker: how many credentials it revoked, or why it failed."""

    revoker: str
    count: int = 0
    error: str = ""
    exempt: int = 0
    "Number of credentials of the same kind that were exempt, and stay valid."
    left: int = 0
    "Number of sessions that were to end, and were not even looked at."

    def plus(self, other: Outcome) -> Outcome:
        """Return the sum of this and of the same revoker's outcome in another batch."""
        return replace(
            self,
            count=self.count + other.count,
            error=self.error or other.error,
            exempt=self.exempt + other.exempt,
            left=self.left + other.left,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential beside the sessions, as its owner may see it. It contains no secret."""

    id: UUID
    kind: str
    "Name of the revoker that revokes it, e.g. ``drf_token``."
    label: str
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The credentials that an ending includes, beside the sessions."""

    users: frozenset[Any] | None = frozenset()
    "Primary keys of users whose credentials are all included; ``None`` means all users."
    excluded_ids: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    "Ids of credentials of these users that stay valid, by kind, or ``*`` for any kind."
    owners: frozenset[Any] = frozenset()
    "Primary keys of users of whom only some credentials are included."
    selected_ids: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    "Ids of these credentials, by kind, or ``*`` if the kind is unknown."

    @property
    def user_pks(self) -> frozenset[Any] | None:
        """Primary keys of the users who own the credentials; ``None`` means all users."""
        return self.users if self.users is None else self.users or self.owners

    def selected(self, kind: str) -> frozenset[UUID]:
        """Return the ids of this kind that are included one by one."""
        return self.selected_ids.get(kind, frozenset()) | self.selected_ids.get("*", frozenset())

    def excluded(self, kind: str) -> frozenset[UUID]:
        """Return the ids of this kind that stay valid."""
        return self.excluded_ids.get(kind, frozenset()) | self.excluded_ids.get("*", frozenset())

    def may_include(self, kind: str) -> bool:
        """Return whether any credential of this kind can be included."""
        return self.users is None or bool(self.users or self.selected(kind))

    def includes(self, kind: str, *ids: UUID) -> bool:
        """Return whether a credential with any of these ids is included, if one of
        :attr:`user_pks` owns it."""
        if self.users is None or self.users:
            return self.excluded(kind).isdisjoint(ids)
        return not self.selected(kind).isdisjoint(ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One ending, as the revokers see it."""

    id: UUID
    "Primary key of the event."
    target: Target
    reason: str
    actor: Any
    request: HttpRequest | None
    at: datetime
    sessions: tuple[EndedSession, ...] = ()
    keys: tuple[str, ...] = field(default=(), repr=False)
    "Secret. Keys of the sessions in the engine's table, if the registry stores them."
    reach: Reach = Reach()
    is_retry: bool = False
    "Whether a failed revoker is retried. Credentials created after :attr:`at` are not included."

    @property
    def includes_current(self) -> bool:
        """Whether the browser of :attr:`request` is logged out."""
        if self.target.scope is Scope.USER:
            user = getattr(self.request, "user", None)
            return bool(getattr(user, "pk", None) == self.target.value.pk)
        return self.target.scope in {Scope.CURRENT, Scope.EVERYONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutResult:
    """The result of an ending."""

    outcomes: tuple[Outcome, ...] = ()
    event: LogoutEvent | None = None
    "The record; ``None`` if there was nothing to end."
    reason: str = Reason.USER

    def with_failures(self, failures: Iterable[Outcome]) -> LogoutResult:
        """Return this result with failures that happened later."""
        later = {failure.revoker: failure for failure in failures}
        outcomes = (o.plus(later[o.revoker]) if o.revoker in later else o for o in self.outcomes)
        return replace(self, outcomes=tuple(outcomes))

    def plus(self, other: LogoutResult) -> LogoutResult:
        """Return the sum of this and of another ending for the same reason, with the first event."""
        later = {outcome.revoker: outcome for outcome in other.outcomes}
        outcomes = [
            o.plus(later.pop(o.revoker)) if o.revoker in later else o for o in self.outcomes
        ]
        event = self.event or other.event
        return replace(self, outcomes=(*outcomes, *later.values()), event=event)

    @property
    def ended(self) -> Mapping[str, int]:
        """Number of ended sessions and revoked credentials, by kind, e.g. ``{"session": 1}``."""
        return {outcome.revoker: outcome.count for outcome in self.outcomes if outcome.count}

    @property
    def exempt(self) -> Mapping[str, int]:
        """Number of credentials that the setting ``EXEMPT_CREDENTIALS`` exempted, by kind."""
        return {outcome.revoker: outcome.exempt for outcome in self.outcomes if outcome.exempt}

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the revokers that failed. The sessions have ended nevertheless."""
        return tuple(outcome.revoker for outcome in self.outcomes if outcome.error)

    @property
    def left(self) -> int:
        """Number of session cookies beyond ``MAX_PRESENTED_SESSIONS``. Their sessions may be
        active."""
        return sum(outcome.left for outcome in self.outcomes)

    @property
    def still_logged_in(self) -> bool:
        """Whether the session has ended, and something else identifies the user with each request,
        such as a gateway."""
        return CREDENTIAL in self.failed

    def without_credential(self) -> LogoutResult:
        """Return this result of a logout after which the client is still logged in."""
        outcome = Outcome(CREDENTIAL, error="unknown")
        return replace(self, outcomes=(*self.outcomes, outcome))

    @property
    def complete(self) -> bool:
        """Whether no revoker failed and nothing is left, so that everything has ended that was to
        end."""
        return not (self.failed or self.left)


class EndedSession(NamedTuple):
    """A session that has been ended."""

    id: UUID
    user_id: Any
    kind: str = SESSION
