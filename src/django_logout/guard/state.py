"""What has happened to one session during one request."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self
from uuid import UUID

from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from django_logout.types import Ending


class SessionState:
    """Written by the guard and by endings; read when the session is finalized after the view."""

    identity: Identity | None = None
    "The login when the session was loaded, or a login of this request."
    login: tuple[UUID, Any] | None = None
    "A login of this request, id and user, whose row may not be committed yet."
    unavailable: bool = False
    "Neither cache nor database could tell whether the session is active."
    checked_elsewhere: bool = False
    "Other apps have been asked whether the login is still good (``decision.login_checks``)."
    active_id: UUID | None = None
    "The login of which the engine has read that it is active."
    refused: tuple[Identity, SessionStatus] | None = None
    "The ended session that this request came with."
    shut_out: str | None = None
    "Why Django refuses the session's user, if it does."
    logged_in: bool = False
    "Django's ``login()`` has written its user into the session."
    logged_out: bool = False
    "This request has logged its browser out."
    pending_login: Any = None
    "The login that was refused for the limit, and that this request completes."
    half_logins: Mapping[str, Any] = MappingProxyType({})
    "What the session held, when it was loaded, that may be the first part of a login."
    lapsed: bool = False
    "A login of this request was refused because its first part was proved too long ago."
    turned_away: bool = False
    "A login of this request was refused."
    pending_login_secret: str = ""
    "The secret of a refused login that the browser gets in a cookie."
    changed: bool = False
    "The user has changed the password in this request, and stays logged in."
    leaving: bool = False
    "The account has changed so that this browser loses its session after the view."
    adopted: bool = False
    """Registered by this request when it was saved.

    It is from before the installation, or code has made the login."""
    beside: frozenset[UUID] = frozenset()
    "The logins of the same user that the request had when code made another, until that is saved."
    before_flush: Callable[[], Any] | None = None
    "Ends the session, if it is flushed. Set when the logout of a token beside it was announced."
    duplicate_cookies: list[Any] | None = None
    "Further sessions that the browser presents under the same cookie name."
    cookies_left: int = 0
    "How many more the browser presents than ``MAX_PRESENTED_SESSIONS`` allows."
    origins: Sequence[Any] = ()
    "Rows of the sessions that this one is derived from, the nearest first, with their users."
    impersonating: bool = False
    "A login of another user is an impersonation, or the end of one."
    key_unknown: bool = False
    "The engine does not know the key that was presented."
    successors: list[UUID] | None = None
    "Sessions that had the presented key before it was rotated; ``None`` if not looked for yet."
    ended_elsewhere: bool = False
    "Another request has ended the session while this one was in flight."
    data_deleted: bool = False
    "The ending has deleted the session's data from the cache."
    saved: bool = False
    "Already saved for this response."
    looked: bool = False
    "What the engine holds under the presented key has been looked at."
    deleted_key: str | None = None
    "The key under which the project has deleted the session."
    in_engine_code: bool = False
    "Inside the engine's own code, which may call itself."

    def __init__(self, key: str | None, request: Any = None, by_cookie: bool = True) -> None:
        self.key = key
        "The key that the registry has, or will have."
        self.request = request
        "The request whose session it is; ``None`` outside the middleware."
        self.by_cookie = by_cookie
        "Whether the browser presents it in its cookie."
        self.logins_seen: dict[UUID, tuple[str, str]] = {}
        "Every login this object has held, with the user's id and auth hash."
        self.ended: set[UUID] = set()
        "Sessions that this request has ended."
        self.confirmed: set[UUID] = set()
        "Sessions whose ending is committed, and stored in the cache."
        self.endings: dict[UUID, Ending] = {}
        "The ending of each."

        self.caused: set[UUID] = set()
        "Events of the endings that this request has caused."
        self.kept_by: set[str] = set()
        "Endings of the others, in which this request has kept its own session."

    @property
    def needs_attention(self) -> bool:
        """Whether something has happened to the session other than being read and written."""
        return bool(
            self.ended
            or self.adopted
            or self.changed
            or self.login
            or self.logged_out
            or self.before_flush is not None
            or self.deleted_key
            or self.ended_elsewhere
            or self.key_unknown
            or self.refused
            or self.unavailable
        )

    @property
    def lost(self) -> set[UUID]:
        """The sessions that this request has ended, or that had ended before it."""
        return self.ended | {self.refused[0].id} if self.refused else self.ended

    def logins_of(self, user_id: str) -> set[UUID]:
        """Return the logins of a user that the session has held in this request, lost ones too."""
        seen = {session_id for session_id, (of, _) in self.logins_seen.items() if of == user_id}
        if self.refused and self.refused[0].user_id == user_id:
            seen.add(self.refused[0].id)
        return seen

    def hold(self, identity: Identity, auth_hash: str) -> None:
        """Remember the login of the session, so that it is noticed when the view drops it."""
        self.identity = identity
        self.logins_seen[identity.id] = (identity.user_id, auth_hash)

    def take_before_flush(self) -> Callable[[], Any] | None:
        """Return what ends the session before it is flushed, once."""
        taken, self.before_flush = self.before_flush, None
        return taken

    def leave(self, session_ids: set[UUID]) -> None:
        """Note that sessions have ended with a change of the account; the browser leaves later."""
        if session_ids:
            self.ended.update(session_ids)
            self.confirmed.update(session_ids)
            self.leaving = True

    def inherit(self, earlier: Self) -> None:
        """Take over what an earlier object has seen of the session that this one has opened again."""
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
