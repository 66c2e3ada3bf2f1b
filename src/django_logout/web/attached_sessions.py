"""Sessions that a request comes with by something else than its cookie, a key in a header, say.

Whoever has looked one up brings it here. It is guarded from then on like that of the cookie, and
settled like it once the view is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from django_logout.guard.install import guard
from django_logout.guard.presented import ATTACHED, BEARER
from django_logout.utils.context import current_request


def attach(session: SessionBase) -> Any:
    """The session, guarded and loaded. It has no key if it is not there, or has ended.

    Raises :class:`SessionUnavailable` if nobody can tell.
    """
    request = current_request.get()
    state = guard(session, request=request)
    session.get(SESSION_KEY)  # loads it
    if request is not None:
        state.by_cookie = False
        vars(request).setdefault(ATTACHED, {})[id(session)] = session
        if state.identity is not None:
            setattr(request, BEARER, state.identity.id)
    return session


def of(request: HttpRequest) -> list[Any]:
    """Those that are not the request's own."""
    found = vars(request).get(ATTACHED)
    return [it for it in found.values() if it is not request.session] if found else []


@contextmanager
def in_place(request: HttpRequest, session: Any) -> Iterator[None]:
    """For a while, a companion is the session of the request."""
    own, request.session = request.session, session
    try:
        yield
    finally:
        request.session = own
