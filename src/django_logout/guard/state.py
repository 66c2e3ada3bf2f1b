"""What is seen of one session during one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus

if TYPE_CHECKING:
    from django_logout.types import Ending


class SessionState:
    """Written by the guard and by the door; read by whoever settles the session."""

    identity: Identity | None = None
    "Who was logged in when the session was loaded, or has logged in since."
    login: tuple[UUID, Any] | None = None
    "A login of this request whose row is not known to be committed."
    unavailable: bool = False
    "Nobody could tell whether the session is alive."
    cut_off: float | None = None
    "When everyone was cut off last, where the engine has told (0: never)."
    refused: tuple[Identity, SessionStatus] | None = None
    "The ended session that this request came with."
    shut_out: str | None = None
    "Why the session's user is not let in any more, if Django has found nobody to let in."
    logged_in: bool = False
    "Django's ``login()`` has written its user into the session."
    logged_out: bool = False
    "This request has logged its browser out."
    pending_login: Any = None
    "The login that was turned away, and that this request is to complete."
    turned_away: bool = False
    "A login of this request was refused."
    pending_login_secret: str = ""
    "The browser's half of a note, if this request has written one."
    changed: bool = False
    "Its user has changed the password in this request, and stays signed in."
    leaving: bool = False
    "The account has changed so that this browser is to leave its session after the view."
    adopted: bool = False
    "From before our time, and registered by this request."
    announcing: bool = False
    "``user_logged_out`` is being sent by the door itself."
    duplicate_cookies: list[Any] | None = None
    "Further sessions that the browser presented under the same cookie name."
    key_unknown: bool = False
    "The engine did not know the key that was presented."
    successors: list[UUID] | None = None
    "Sessions whose key was the one presented, before it was rotated; once asked for."
    ended_elsewhere: bool = False
    "The session ended elsewhere while this request was in flight."
    saved: bool = False
    "Already saved for this response."
    in_engine_code: bool = False
    "Inside the engine's own code, which may call itself."

    def __init__(self, key: str | None, request: Any = None, by_cookie: bool = True) -> None:
        self.key = key
        "The key the registry knows, or will."
        self.request = request
        "The request whose session it is; ``None`` outside of our middleware."
        self.by_cookie = by_cookie
        "Whether the browser has it in its cookie."
        self.logins_seen: dict[UUID, tuple[str, str]] = {}
        "Every session this object has been, with its user's id and password hash."
        self.ended: set[UUID] = set()
        "Sessions ended by this request itself."
        self.confirmed: set[UUID] = set()
        "Those whose ending is known to be committed and remembered."
        self.endings: dict[UUID, Ending] = {}
        "With what they ended."

    @property
    def needs_attention(self) -> bool:
        """Whether something has happened to the session, other than being read and written."""
        return bool(
            self.ended
            or self.adopted
            or self.changed
            or self.login
            or self.logged_out
            or self.ended_elsewhere
            or self.key_unknown
            or self.refused
            or self.unavailable
        )

    def hold(self, identity: Identity, auth_hash: str) -> None:
        """Remember who the session is now, so that its being let go is noticed."""
        self.identity = identity
        self.logins_seen[identity.id] = (identity.user_id, auth_hash)

    def leave(self, session_ids: set[UUID]) -> None:
        """These have ended with a change of the account; once the view is done, so it is here."""
        if session_ids:
            self.ended.update(session_ids)
            self.confirmed.update(session_ids)
            self.leaving = True

    def inherit(self, earlier: SessionState) -> None:
        """Take over what an earlier object has seen of the session that this one has opened anew."""
        if self.identity is None:
            self.key = earlier.key  # by which the browser's ended session is recognized
        for name, known in vars(earlier).items():
            mine = getattr(self, name)
            if isinstance(known, dict | set):
                setattr(self, name, known | mine)
            elif not mine:
                setattr(self, name, known)

    def confirm_login(self) -> None:
        """The row of the login is committed."""
        self.login = None
