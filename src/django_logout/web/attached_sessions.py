"""Attach sessions that a request presents outside of its cookie, e.g. by a key in a header.

The guard checks an attached session as it checks that of the cookie, and the middleware finalizes
it after the view.
"""

import logging
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase

from django_logout.conf import logout_settings
from django_logout.guard.install import session_state
from django_logout.guard.presented import ATTACHED, BEARER
from django_logout.sessions import engines
from django_logout.utils.context import current_request

logger = logging.getLogger("django_logout")


def attach_session(session: SessionBase) -> Any:
    """Guard and load a session, and attach it to the request that is being served.

    The returned session has no key if it does not exist or has ended, or if the request has
    presented more than ``MAX_PRESENTED_SESSIONS`` already. Raises :class:`SessionUnavailable` if
    its status cannot be read.
    """
    request = current_request.get()
    attached = [] if request is None else vars(request).setdefault(ATTACHED, [])
    further = {each.session_key for each in attached} - {session.session_key}
    if len(further) > logout_settings().MAX_PRESENTED_SESSIONS:
        logger.warning(
            "A request presents more than %s sessions; this one is refused.", len(further)
        )
        session = engines.current_engine().store()
    state = session_state(session, request=request)
    session.get(SESSION_KEY)  # This loads it.
    if request is not None:
        state.by_cookie = False
        attached.append(session)
        if state.identity is not None:
            setattr(request, BEARER, state.identity.id)
    return session
