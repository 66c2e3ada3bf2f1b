"""Find what identifies the user of a request beside its session.

Such a user is still logged in after the session has ended, or is logged in again by the next
request. A logout that did not say so would not be true.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.http import HttpRequest
from django.utils.module_loading import import_string

from django_logout.conf import cached_until_setting_changes
from django_logout.guard.impersonation import get_impersonator
from django_logout.guard.presented import BEARER, is_session_user


def is_identified_anyway(request: HttpRequest, user: Any, session: Any) -> bool:
    """Return whether the next request identifies a user, although the session ends now.

    ``user`` and ``session`` are those which the request has now, or ``None``. Call this before the
    session ends.
    """
    return _is_named_by_gateway(request) or (
        user is not None and _is_identified_beside(request, user, session)
    )


def _is_named_by_gateway(request: HttpRequest) -> bool:
    """Return whether a gateway names the user, to a middleware that logs this user in."""
    return any(
        request.META.get(f"{prefix}{name}")
        for name in gateway_headers()
        for prefix in ("", "HTTP_")
    )


@cached_until_setting_changes("MIDDLEWARE")
def gateway_headers() -> tuple[str, ...]:
    """Return the headers by which the middleware of the project believes a gateway."""
    found = (import_string(path) for path in settings.MIDDLEWARE)
    classes = (each for each in found if isinstance(each, type))
    return tuple(each.header for each in classes if issubclass(each, RemoteUserMiddleware))


def _is_identified_beside(request: HttpRequest, user: Any, session: Any) -> bool:
    """Return whether a middleware has set a user whom the session does not hold.

    The token that has let the request in is no such means: its login ends, too.
    """
    if hasattr(request, BEARER):
        return False
    identity = None
    if session is not None:
        session._get_session()  # A user who is set by hand does not load it.
        identity = session.identity
    is_own = identity is not None and identity.user_id == str(user.pk)
    # A middleware may load the same user anew. By a header, it needs no session for that.
    if is_own and "Authorization" not in request.headers:
        return False
    if get_impersonator(request) is not None:
        return False
    if not is_own:
        return session is None or not session.state.logged_in
    return not (session.state.logged_in or is_session_user(request, user))
