"""Who asks for an ending, of what, why, and what came of it.

No HTTP, no models, no third party.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from django_logout.enums import SESSION, Reason, Scope

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_logout.models import LogoutEvent


class Target(NamedTuple):
    """What is to be ended. Made by the class methods, never by hand."""

    scope: Scope
    value: Any = None
    include_exempt: bool = False
    "Whether personal API keys end too: those of the kinds in the setting ``EXEMPT_CREDENTIALS``."

    @classmethod
    def current(cls, request: HttpRequest) -> Target:
        """The session of this request, and any other that its browser presented beside it."""
        return cls(Scope.CURRENT, request)

    @classmethod
    def session(cls, session_id: UUID | str) -> Target:
        """One session, by its public id; raises ``ValueError`` if that is none."""
        return cls(Scope.SESSION, UUID(str(session_id)))

    @classmethod
    def sessions(cls, sessions: Any) -> Target:
        """Several sessions, whoever they belong to: a queryset of ``LoginSession``, whose
        conditions hold in the very write that ends them, or public ids."""
        if not isinstance(sessions, QuerySet):
            sessions = tuple(UUID(str(session_id)) for session_id in sessions)
        return cls(Scope.SESSIONS, sessions)

    @classmethod
    def others(cls, request: HttpRequest) -> Target:
        """All sessions of this request's user but its own."""
        return cls(Scope.OTHERS, request)

    @classmethod
    def user(cls, user: Any) -> Target:
        """All sessions of one user."""
        return cls(Scope.USER, user)

    @classmethod
    def users(cls, queryset: Any) -> Target:
        """All sessions of the users of a queryset."""
        return cls(Scope.USERS, queryset)

    @classmethod
    def everyone(cls) -> Target:
        """All sessions of all users."""
        return cls(Scope.EVERYONE)

    @classmethod
    def credential(cls, user: Any, credential_id: UUID | str) -> Target:
        """One token of a user's, by the id that :class:`Credential` gives it; raises
        ``ValueError`` if that is none. A token that is not there (any more) is nothing to end."""
        return cls(Scope.CREDENTIAL, (user, UUID(str(credential_id))))

    def including_exempt(self) -> Target:
        """The same, and personal API keys, which are spared otherwise."""
        return self._replace(include_exempt=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one revoker did: how many credentials it revoked, or why it failed."""

    revoker: str
    count: int = 0
    error: str = ""
    exempt: int = 0
    "Personal API keys of the same kind, which nobody asked to end."

    def plus(self, other: Outcome) -> Outcome:
        """What the same revoker did in two parts of one ending."""
        return Outcome(
            self.revoker,
            self.count + other.count,
            self.error or other.error,
            self.exempt + other.exempt,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Something beside a session that lets a user in, as its owner may see it. No part of the
    credential itself is in it."""

    id: UUID
    kind: str
    "The name of the revoker that knows it, e.g. ``drf_token``."
    label: str
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which credentials an ending reaches, beside the sessions themselves."""

    users: frozenset[Any] | None = frozenset()
    "Keys of the users all of whose credentials are meant; ``None``: everybody's."
    excluded_ids: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    "Of theirs, ids of those that go on, as their sessions do; by kind, or ``*`` for any."
    owners: frozenset[Any] = frozenset()
    "Keys of the users some of whose credentials are meant."
    selected_ids: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    "The ids of those, by kind; under ``*`` one of a kind that nobody has said."

    @property
    def user_pks(self) -> frozenset[Any] | None:
        """Keys of the users among whose credentials they are; ``None``: everybody's."""
        return self.users if self.users is None else self.users or self.owners

    def selected(self, kind: str) -> frozenset[UUID]:
        """The ids of this kind that are meant one by one."""
        return self.selected_ids.get(kind, frozenset()) | self.selected_ids.get("*", frozenset())

    def excluded(self, kind: str) -> frozenset[UUID]:
        """Ids of those of a kind that go on."""
        return self.excluded_ids.get(kind, frozenset()) | self.excluded_ids.get("*", frozenset())

    def may_include(self, kind: str) -> bool:
        """Whether anything of this kind can be meant."""
        return self.users is None or bool(self.users or self.selected(kind))

    def includes(self, kind: str, *ids: UUID) -> bool:
        """Whether what is known by any of these ids is meant, if it belongs to one of
        :attr:`user_pks`."""
        if self.users is None or self.users:
            return self.excluded(kind).isdisjoint(ids)
        return not self.selected(kind).isdisjoint(ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One going-through of the door, as the revokers see it."""

    id: UUID
    "Primary key of the event to be."
    target: Target
    reason: str
    actor: Any
    request: HttpRequest | None
    at: datetime
    sessions: tuple[EndedSession, ...] = ()
    keys: tuple[str, ...] = field(default=(), repr=False)
    "Keys of those sessions in the engine's table, where the registry knows them. Secret."
    reach: Reach = Reach()
    is_retry: bool = False
    "A later try of a revoker that has failed: what has begun after :attr:`at` is not meant."

    @property
    def includes_current(self) -> bool:
        """Whether the browser of :attr:`request` is being logged out itself."""
        if self.target.scope is Scope.USER:
            here = getattr(self.request, "user", None)
            return bool(getattr(here, "pk", None) == self.target.value.pk)
        return self.target.scope in {Scope.CURRENT, Scope.EVERYONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutResult:
    """What an ending came to."""

    outcomes: tuple[Outcome, ...] = ()
    event: LogoutEvent | None = None
    "The record; ``None`` when there was nothing to end."
    reason: str = Reason.USER

    def plus(self, outcomes: tuple[Outcome, ...], event: LogoutEvent | None) -> LogoutResult:
        """What this and a further part of the same ending have come to."""
        if self.outcomes:
            outcomes = tuple(map(Outcome.plus, self.outcomes, outcomes))
        return LogoutResult(outcomes=outcomes, event=event, reason=self.reason)

    def with_failures(self, failures: Iterable[Outcome]) -> LogoutResult:
        """The same, but for what has failed later."""
        later = {failure.revoker: failure for failure in failures}
        outcomes = (o.plus(later[o.revoker]) if o.revoker in later else o for o in self.outcomes)
        return replace(self, outcomes=tuple(outcomes))

    @property
    def ended(self) -> Mapping[str, int]:
        """How many credentials of each kind were ended, e.g. ``{"session": 1}``."""
        return {done.revoker: done.count for done in self.outcomes if done.count}

    @property
    def exempt(self) -> Mapping[str, int]:
        """How many personal API keys of each kind were left alone (the setting ``EXEMPT_CREDENTIALS``)."""
        return {done.revoker: done.exempt for done in self.outcomes if done.exempt}

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the revokers that failed; the sessions themselves have ended all the same."""
        return tuple(done.revoker for done in self.outcomes if done.error)

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for has ended."""
        return not self.failed


class EndedSession(NamedTuple):
    """A session that has been ended."""

    id: UUID
    user_id: Any
    kind: str = SESSION
