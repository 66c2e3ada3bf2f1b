"""The sessions that the cookies of a request present, and emptying them."""

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.http import HttpRequest, parse_cookie
from django.utils.crypto import salted_hmac
from django.utils.functional import LazyObject

from django_logout.conf import logout_settings
from django_logout.exceptions import SessionNotEnded, unavailable_on_outage
from django_logout.guard.install import ORIGINAL, install_guard, session_and_state, session_of
from django_logout.guard.state import SessionState
from django_logout.sessions import registry

logger = logging.getLogger("django_logout")

#: The attribute of a request whose ending sends Django's ``user_logged_out``.
ANNOUNCING = "_django_logout_announcing"
#: The attribute of a request that holds the id of the login whose token let it in.
BEARER = "_django_logout_bearer"
#: Where a request holds the sessions that it came with by other means than its cookie.
ATTACHED = "_django_logout_attached"
#: Where a request holds the ids of logins whose refresh tokens it has blacklisted.
BLACKLISTED = "_django_logout_blacklisted"
#: Where a request holds the credential of a cookie that was refused.
REFUSED = "_django_logout_refused"
#: Set on the request for a page of a user whose browser lacks the cookie of ``WITNESS_COOKIE``.
WITNESS_MISSING = "_django_logout_witness_missing"


class PresentedSessions(NamedTuple):
    """The sessions that a request presents.

    A browser sends several cookies of one name if they differ in path or domain, and Django reads
    one of them. A user who logs out means all of them.
    """

    request: HttpRequest | None
    state: SessionState
    "What has happened to the request's own session."
    stores: Sequence[Any] = ()
    "The session of the request, and those behind duplicate cookies."
    own_ids: Sequence[UUID] = ()
    "Ids of the request's own session, and of the token that let it in."
    ids: Sequence[UUID] = ()
    "The ids of all, the request's own session first."
    left: int = 0
    "How many further cookies the request presents, beyond ``MAX_PRESENTED_SESSIONS``."

    @classmethod
    def of(cls, request: HttpRequest | None, *, must_be_known: bool = False) -> Self:
        """Load the sessions that a request presents, and adopt those without a row.

        An ended session is among them, since its mark in the cache may have to be written again.
        With ``must_be_known``, raise :class:`SessionNotEnded` if the engine has not found one that
        may be in storage which does not answer.
        """
        if request is None:
            return cls(None, SessionState(None))
        stores = presented_stores(request)
        _load_together(stores)
        found = [store.ids_to_end() for store in stores]
        bearer = getattr(request, BEARER, None)
        token = [] if bearer is None else [bearer]
        own_ids = [*(found[0] if found else ()), *token]
        if must_be_known and not _are_known(stores):
            raise SessionNotEnded("The session store does not answer.")
        state = stores[0].state if stores else SessionState(None)
        ids = [*(pk for ids in found for pk in ids), *token]
        return cls(request, state, stores, own_ids, ids, state.cookies_left)

    @property
    def own_has_ended(self) -> bool:
        """Whether this request has ended its own session."""
        identity = self.stores[0].identity if self.stores else None
        return identity is not None and identity.id in self.state.ended

    def log_out(self) -> None:
        """Empty the sessions of a browser, and make the user of the request anonymous."""
        self.clear()
        set_anonymous_user(self.request)
        self.state.logged_out = True

    def clear(self) -> None:
        """Empty the sessions of a browser, here and in the engine.

        The browser continues with a fresh anonymous session.
        """
        _delete_stored([store for store in self.stores if not self._is_deleted(store)])
        for store in self.stores:
            store.clear()
            store._session_key = None
            store.state.key = None

    def _is_deleted(self, store: Any) -> bool:
        """Return whether the ending has deleted the data of a session."""
        identity = store.identity  # by the data, which code may have changed
        ended = identity is not None and identity.id in self.state.ended
        return ended and (store.engine.model is not None or store.state.data_deleted)


def _are_known(stores: Sequence[Any]) -> bool:
    """Return whether each session that the engine has not found does not exist, rather than being
    in storage that does not answer."""
    unknown = [store.state.key for store in stores if store.state.key_unknown]
    keys = [key for key in unknown if key]
    reachable: bool = not keys or stores[0].engine.reachable(keys)
    return reachable


def presented_ids(request: HttpRequest) -> Sequence[UUID]:
    """Return the ids of the sessions that a request presents, its own first."""
    return PresentedSessions.of(request).ids


def presented_stores(request: HttpRequest) -> list[Any]:
    """Return the session of a request, and those behind duplicate cookies; none if it has none."""
    session, state = session_and_state(request)
    if session is None:
        return []
    if state.duplicate_cookies is None:
        state.duplicate_cookies, state.cookies_left = _duplicates(request, session)
    return [session, *state.duplicate_cookies]


def cookies_left(request: HttpRequest) -> int:
    """Return how many session cookies of a request are beyond the limit, and so are not looked at."""
    session, state = session_and_state(request)
    presented_stores(request)
    return 0 if session is None else state.cookies_left


def _duplicates(request: HttpRequest, session: Any) -> tuple[list[Any], int]:
    """Return the sessions behind duplicate cookies, and how many cookies are left beyond the limit.

    Without a limit an attacker could make one request as costly as thousands.
    """
    header = request.META.get("HTTP_COOKIE", "")
    name = next(iter(cookie_names(session, request)), "")
    if not name or header.count(f"{name}=") < 2:
        return [], 0
    cookies = (parse_cookie(chunk) for chunk in header.split(";"))
    keys = dict.fromkeys(cookie[name] for cookie in cookies if name in cookie)
    keys.pop(request.COOKIES.get(name, ""), None)
    limit = logout_settings().MAX_PRESENTED_SESSIONS
    found = [session.engine.store(key) for key in list(keys)[:limit]]
    for store in found:
        install_guard(store, request)
    left = len(keys) - len(found)
    if left:
        logger.warning(
            "A request presents %s session cookies; %s of them are ignored.", len(keys) + 1, left
        )
    return found, left


def _load_together(stores: Sequence[Any]) -> None:
    """Load the sessions of a request, those behind duplicate cookies with one read for all."""
    for own in stores[:1]:
        own._get_session()
    unread = [store for store in stores if "_session_cache" not in vars(store)]
    if unread:
        keys = [store.session_key for store in unread if store.session_key]
        with unavailable_on_outage():
            stored = unread[0].engine.read(keys)
        for store in unread:
            store.load_to_end(stored.get(store.session_key))
        _drop_false_claims(unread)
    unknown = {state.key: state for store in stores if (state := store.state).key_unknown}
    asked = [key for key, state in unknown.items() if key and state.successors is None]
    if len(asked) > 1:
        for key, ids in registry.ids_by_previous_keys(asked).items():
            unknown[key].successors = ids


def _drop_false_claims(stores: Sequence[Any]) -> None:
    """Empty sessions whose data name another user's session. That must not end with them."""
    claims = [identity for store in stores if (identity := store.identity) is not None]
    false = registry.false_claims(claims) if claims else set()
    for store in stores:
        if false.intersection(store.state.logins_seen):
            store.load_to_end({})
            store.state.logins_seen.clear()


def _delete_stored(stores: Sequence[Any]) -> None:
    """Delete the stored data of sessions, in one call if there are several and the engine can."""
    keys = [store.session_key for store in stores if store.session_key]
    try:
        done = len(keys) > 1 and stores[0].engine.discard(keys)
    except Exception as error:  # noqa: BLE001 - any engine's
        done = True
        _log_left_data(error)
    for store in () if done else stores:
        delete_data(store, store.session_key)


def cookie_names(session: Any, request: HttpRequest) -> list[str]:
    """Return the names of the cookies that present a session of a request.

    A project may keep sessions beside each other, such as that of the admin, in cookies of other
    names. Only the one whose value is the key of this session belongs to it.
    """
    key = vars(session).get("presented", (session.session_key,))[0]
    if key:
        return [name for name, value in request.COOKIES.items() if value == key]
    # The key of a malformed cookie is dropped when the session is made.
    name = settings.SESSION_COOKIE_NAME
    value = request.COOKIES.get(name, "")
    malformed = "\x00" in value or type(session)(value).session_key is None
    return [name] if value and malformed else []


def keep_cookies(request: HttpRequest) -> None:
    """Leave the cookie of the session in the browser: ``SessionMiddleware`` deletes it if the request
    has brought it and the session is empty.

    The view may have replaced the session that came with the cookie.
    """
    sessions = (session_of(request), vars(request).get(ORIGINAL))
    for name in {
        name for each in sessions if each is not None for name in cookie_names(each, request)
    }:
        del request.COOKIES[name]
    request.COOKIES.pop(logout_settings().WITNESS_COOKIE or "", None)


def own_session_ids(request: HttpRequest | None) -> set[UUID]:
    """Return the ids of the sessions that a request's browser has, or had until it ended them.

    The response tells this browser of their ending.
    """
    found = presented_stores(request) if request is not None else []
    seen = {session_id for store in found for session_id in store.state.logins_seen}
    seen |= {origin.pk for store in found for origin in store.state.origins}
    return seen.union(*(store.state.ended for store in found))


def clear_sessions(request: HttpRequest) -> None:
    """Empty the sessions of a browser (see :meth:`PresentedSessions.clear`)."""
    _, state = session_and_state(request)
    PresentedSessions(request, state, presented_stores(request)).clear()


def attached_session_id(request: HttpRequest, user: Any) -> UUID | None:
    """Return the id of a session of this user that the request presents by other means than its
    cookie, such as the header of an app, or ``None``."""
    found = (session.identity for session in vars(request).get(ATTACHED, ()))
    ids = [seen.id for seen in found if seen is not None and seen.user_id == str(user.pk)]
    return ids[-1] if ids else None


def is_session_user(request: HttpRequest, user: Any) -> bool:
    """Return whether a user is the very object that Django has loaded by the request's session.

    A way of authentication that finds the same user by other means loads another object. Nothing is
    loaded for the answer.
    """
    request = getattr(request, "_request", request)  # REST framework wraps it.
    by_session = (vars(request).get("_cached_user"), vars(request).get("_acached_user"))
    plain = user
    while isinstance(plain, LazyObject):  # A middleware may have wrapped it once more.
        plain = vars(plain)["_wrapped"]
    return any(plain is found and found.is_authenticated for found in by_session if found)


def delete_data(store: Any, key: str | None) -> None:
    """Delete the stored data of an ended session; if that fails, it is refused all the same."""
    try:
        store.delete(key)
    except Exception as error:  # noqa: BLE001 - any engine's
        _log_left_data(error)


def _log_left_data(error: Exception) -> None:
    # The class only: the text of an error of the file engine contains the key.
    name = type(error).__name__
    logger.error("The data of an ended session could not be deleted; it is refused. (%s)", name)


def set_anonymous_user(request: Any) -> None:
    """Make ``request.user`` and ``request.auser()`` anonymous (Django ticket 36540)."""
    if hasattr(request, "user"):
        request.user = AnonymousUser()
    if hasattr(request, "auser"):

        async def auser() -> AnonymousUser:
            return AnonymousUser()

        request.auser = auser


def is_logged_in(request: HttpRequest) -> bool:
    """Return whether a user of ``AUTH_USER_MODEL`` is logged in.

    No one is without ``AuthenticationMiddleware``. A user of another model has the session that the
    request presents, and no others that would be listed or ended.
    """
    user: Any = getattr(request, "user", None)
    is_user = bool(getattr(user, "is_authenticated", False))
    return is_user and not (isinstance(user, Model) and registry.account_of(user))


def user_fingerprint(request: HttpRequest) -> str:
    """Return a keyed hash of the user's key, or ``""`` for an anonymous user.

    A script can tell by it whether this is still the same user, but not which one.
    """
    if not is_logged_in(request):
        return ""
    user: Any = request.user
    return salted_hmac("django_logout.user", str(user.pk), algorithm="sha256").hexdigest()[:22]
