"""What the browser of a request presents, and emptying it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import parse_cookie
from django.utils.crypto import salted_hmac

from django_logout.guard.install import guard
from django_logout.sessions import engines, registry

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger("django_logout")

#: Where a request holds the id of the login whose token it was let in by.
BEARER = "_django_logout_bearer"
#: Where a request holds the sessions that it came with by other means than its cookie.
ATTACHED = "_django_logout_attached"


def presented(request: HttpRequest, *, beside: bool = True) -> list[UUID]:
    """Ids of the sessions that this request's browser presents, its own first; last, that of the
    token by which the request was let in. Those beside its own can be left out.

    A browser sends several cookies of one name if they differ in path or domain. Django reads
    one of them; whoever logs out means all. Sessions from before our time are adopted, so that
    they can be ended. One that had ended already counts too: its mark may have to be set again.
    """
    found = []
    for store in stores(request)[: None if beside else 1]:
        store.get(SESSION_KEY)  # loads it
        store.adopt()
        if store.identity is not None:
            found.append(store.identity.id)
        elif store.state.refused is not None:
            found.append(store.state.refused[0].id)
        elif store.state.logins_seen:  # this request has let go of it: older than the password, say
            found.extend(store.state.logins_seen)
        elif store.state.key_unknown and store.state.key:
            # Rotated in another tab, and this one has not heard: it is the same login.
            if store.state.successors is None:
                store.state.successors = registry.ids_by_previous_key(store.state.key)
            found.extend(store.state.successors)
    bearer = getattr(request, BEARER, None)
    return found if bearer is None else [*found, bearer]


def user_fingerprint(request: HttpRequest) -> str:
    """Tells a script whether this is still the same user, and nobody who that is; ``""`` for
    nobody."""
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return ""
    return salted_hmac("django_logout.user", str(user.pk), algorithm="sha256").hexdigest()[:22]


def stores(request: HttpRequest) -> list[Any]:
    """The session of a request, and those beside it; none where there are no sessions at all."""
    session: Any = getattr(request, "session", None)
    if session is None:
        return []
    state = guard(session)
    if state.duplicate_cookies is None:
        state.duplicate_cookies = _beside(request, engines.of(type(session)).store)
    return [session, *state.duplicate_cookies]


def _beside(request: HttpRequest, store_class: Any) -> list[Any]:
    name, header = settings.SESSION_COOKIE_NAME, request.META.get("HTTP_COOKIE", "")
    if header.count(f"{name}=") < 2:
        return []
    cookies = (parse_cookie(chunk) for chunk in header.split(";"))
    keys = {cookie[name] for cookie in cookies if name in cookie}
    beside = [store_class(key) for key in keys - {request.COOKIES.get(name)}]
    for store in beside:
        guard(store, request=request)
    return beside


def own_session_ids(request: HttpRequest | None) -> set[UUID]:
    """Ids of the sessions that a request's browser has, or had until that request ended them: of
    whose ending it is told by the answer."""
    found = stores(request) if request is not None else []
    held = {session_id for store in found for session_id in store.state.logins_seen}
    return held.union(*(store.state.ended for store in found))


def clear_sessions(request: HttpRequest) -> None:
    """Empty the ended sessions of a browser, here and in the engine; it goes on with a fresh
    anonymous one."""
    here, *_ = found = stores(request)
    for store in found:
        identity = store.identity
        deleted = identity is not None and identity.id in here.state.ended
        if not deleted or store.engine.model is None:
            delete_data(store, store.session_key)
        store.clear()
        store._session_key = None
        store.state.key = None


def delete_data(store: Any, key: str | None) -> None:
    """Delete what an ended session held; where that fails, it is refused all the same."""
    try:
        store.delete(key)
    except Exception as error:  # noqa: BLE001 - whatever an engine raises; of files, it names the key
        name = type(error).__name__
        logger.error("The data of an ended session could not be deleted; it is refused. (%s)", name)


def set_anonymous_user(request: HttpRequest) -> None:
    """Make ``request.user`` and ``request.auser()`` anonymous (Django ticket 36540)."""
    if hasattr(request, "user"):
        request.user = AnonymousUser()
    if hasattr(request, "auser"):

        async def auser() -> AnonymousUser:
            return AnonymousUser()

        request.auser = auser
