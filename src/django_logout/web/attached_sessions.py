"""Attach sessions that a request presents outside of its cookie, e.g. by a key in a header.

The guard checks an attached session as it checks that of the cookie, and the middleware finalizes
it after the view.
"""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase

from django_logout.guard.install import session_state
from django_logout.guard.presented import ATTACHED, BEARER
from django_logout.utils.context import current_request


def attach_session(session: SessionBase) -> Any:
    """Guard and load a session, and attach it to the request that is being served.

    The returned session has no key if it does not exist or has ended. Raises
    :class:`SessionUnavailable` if its status cannot be read.
    """
    request = current_request.get()
    state = session_state(session, request=request)
    session.get(SESSION_KEY)  # This loads it.
    if request is not None:
        state.by_cookie = False
        vars(request).setdefault(ATTACHED, []).append(session)
        if state.identity is not None:
            setattr(request, BEARER, state.identity.id)
    return session
