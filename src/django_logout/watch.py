"""What is seen of one session during one request."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django_logout.registry import Identity, Standing


class Watch:
    """Written by the guard and by the door; read by whoever settles the session."""

    __slots__ = (
        "announcing",
        "beside",
        "busy",
        "confirmed",
        "ended",
        "held",
        "identity",
        "key",
        "login",
        "lost",
        "missed",
        "refused",
        "saved",
        "successors",
        "unavailable",
    )

    def __init__(self, key: str | None) -> None:
        self.key = key
        "The key the registry knows, or will."
        self.identity: Identity | None = None
        "Who was logged in when the session was loaded, or has logged in since."
        self.held: dict[UUID, tuple[str, str]] = {}
        "Every session this object has been, with its user's id and password hash."
        self.login: tuple[UUID, Any] | None = None
        "A login of this request whose row is not known to be committed."
        self.unavailable = False
        "Nobody could tell whether the session is alive."
        self.refused: tuple[Identity, Standing] | None = None
        "The ended session that this request came with."
        self.ended: set[UUID] = set()
        "Sessions ended by this request itself."
        self.confirmed: set[UUID] = set()
        "Those whose ending is known to be committed and remembered."
        self.announcing = False
        "``user_logged_out`` is being sent by the door itself."
        self.beside: list[Any] | None = None
        "Further sessions that the browser presented under the same cookie name."
        self.missed = False
        "The engine did not know the key that was presented."
        self.successors: list[UUID] | None = None
        "Sessions whose key was the one presented, before it was rotated; once asked for."
        self.lost = False
        "The session ended elsewhere while this request was in flight."
        self.saved = False
        "Already saved for this response."
        self.busy = False
        "Inside the engine's own code, which may call itself."

    @property
    def eventful(self) -> bool:
        """Whether something has happened to the session, other than being read and written."""
        return bool(
            self.ended or self.login or self.lost or self.missed or self.refused or self.unavailable
        )

    def hold(self, identity: Identity, auth_hash: str) -> None:
        """Remember who the session is now, so that its being let go is noticed."""
        self.identity = identity
        self.held[identity.id] = (identity.user_id, auth_hash)

    def confirm_login(self) -> None:
        """The row of the login is committed."""
        self.login = None
