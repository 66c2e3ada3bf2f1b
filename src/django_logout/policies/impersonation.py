"""Impersonation: an administrator acts as another user, in a session derived from the own one.

It is no login of that user: no limit, no mail, and no proof of who the user is. The session of the
administrator stays active without a browser, and the derived one ends with it. When the
administrator stops, the browser gets that session back. So nothing leads back to a session that has
ended meanwhile.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn
from uuid import UUID

from django.apps import apps
from django.contrib.auth import BACKEND_SESSION_KEY, login
from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.http import HttpRequest

from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.exceptions import SessionNotEnded
from django_logout.guard.install import guard_session, session_state, state_of
from django_logout.guard.presented import set_anonymous_user
from django_logout.guard.state import SessionState
from django_logout.models import LoginSession
from django_logout.policies import session_limits
from django_logout.sessions import registry
from django_logout.sessions.identity import Identity, new_derived_id
from django_logout.types import Target

#: The views of other apps that log in as another user or back, by app.
VIEWS = {
    "hijack": {"hijack.views.AcquireUserView", "hijack.views.ReleaseUserView"},
    "loginas": {"loginas.views.user_login", "loginas.views.user_logout"},
}


def impersonate(request: HttpRequest, user: Any, backend: str = "") -> None:
    """Log this browser in as another user, in a session that is derived from its own.

    ``backend`` is the authentication backend of the new session, by default that of the own one.
    Raises ``ValueError`` if no user is logged in, or if it is the same user.
    """
    if not request.user.is_authenticated or request.user.pk == user.pk:
        raise ValueError("impersonate(request, user) needs a logged in user who is not this user.")
    with impersonation(request):
        login(request, user, backend=backend or request.session[BACKEND_SESSION_KEY])


def stop_impersonating(request: HttpRequest) -> bool:
    """Give the browser back the session that it had before :func:`impersonate`.

    Returns false if no user is impersonated in this session.
    """
    session = guard_session(request)
    if session is None:
        return False
    session._get_session()
    if session.identity is None or not session.state.origins:
        return False
    origin = session.state.origins[0]
    with impersonation(request):
        login(request, origin.user, backend=origin.backend)
    return True


@contextmanager
def impersonation(request: HttpRequest) -> Iterator[None]:
    """Take a login inside of this block for the start, or for the end, of an impersonation.

    It is for code that calls Django's ``login()`` itself, such as ``login_as()`` of django-loginas.
    """
    state = state_of(request)
    before, state.impersonating = state.impersonating, True
    try:
        yield
    finally:
        state.impersonating = before


def is_impersonation(request: HttpRequest, state: SessionState) -> bool:
    """Return whether a login or logout of this request begins or ends an impersonation."""
    return state.impersonating or _is_known_view(request)


def _is_known_view(request: HttpRequest) -> bool:
    views = set().union(*(names for app, names in VIEWS.items() if apps.is_installed(app)))
    match = getattr(request, "resolver_match", None)
    if not views or match is None:
        return False
    return not views.isdisjoint(view_names(match.func))


def view_names(view: Any) -> set[str]:
    """Return the dotted paths of a view: of the function, or of its class and the bases of that."""
    found = getattr(view, "view_class", view)
    kinds = found.__mro__ if isinstance(found, type) else (found,)
    return {
        f"{kind.__module__}.{kind.__qualname__}" for kind in kinds if hasattr(kind, "__qualname__")
    }


def register_step(request: HttpRequest, user: Any, before: Identity) -> LoginSession:
    """Register a login that begins or ends an impersonation.

    ``before`` is the session that the browser had. If it is derived from one of this user, the
    browser gets that session back. Otherwise its new session is derived from the one before.

    Raises ``UpdateError``, as an engine does, if the session it is derived from has ended meanwhile.
    """
    state, passed = session_state(request.session), [before.id]
    for origin in state.origins:
        if origin.user_id == user.pk:
            return _resume(request, before, passed, origin)
        passed.append(origin.pk)
    return _derive(request, user, before)


def _derive(request: HttpRequest, user: Any, origin: Identity) -> LoginSession:
    state = session_state(request.session)
    _, auth_hash = state.logins_seen[origin.id]
    if not origin.registered:
        registry.adopt_origin(request.session, origin, request)
    hashes = [auth_hash, *origin.origin_hashes]
    row = _write_derived(request, user, new_derived_id(), origin.id, hashes)
    del state.logins_seen[origin.id]  # The browser has it no more, but it does not end.
    state.origins = list(registry.origins(row.pk))
    return row


def repeat_derivation(request: HttpRequest, user: Any, identity: Identity) -> None:
    """Write the row of a derived session again, which a transaction of the project rolled back."""
    origin, *_ = session_state(request.session).origins
    _write_derived(request, user, identity.id, origin.pk, identity.origin_hashes)


def _write_derived(
    request: HttpRequest, user: Any, session_id: UUID, origin_id: UUID, hashes: Iterable[str]
) -> LoginSession:
    with transaction.atomic(using=registry.database()):
        row = registry.register_derived_session(
            request.session,
            user,
            request,
            session_id=session_id,
            origin_id=origin_id,
            origin_hashes=hashes,
        )
    if row is None:
        _lose_session(request)
    return row


def _resume(
    request: HttpRequest, before: Identity, derived: list[UUID], origin: LoginSession
) -> LoginSession:
    session: Any = request.session
    state, depth = session_state(session), len(derived)
    hashes = before.origin_hashes[depth:]
    try:
        with transaction.atomic(using=registry.database()):
            if not registry.resume_session(session, origin, derived, hashes):
                _lose_session(request)
            how: dict[str, Any] = {"actor": state.origins[-1].user, "request": request}
            pipeline.run_ending(Target.sessions(derived), reason=Reason.RELEASED, **how)
    except SessionNotEnded:
        session_limits.undo_login(request)
        raise
    for session_id in derived:
        state.logins_seen.pop(session_id, None)
    state.ended.update(derived)
    state.origins = state.origins[depth:]
    return origin


def _lose_session(request: HttpRequest) -> NoReturn:
    """Refuse the login, because the session that it depends on has ended meanwhile."""
    set_anonymous_user(request)
    session_state(request.session).ended_elsewhere = True
    raise UpdateError
