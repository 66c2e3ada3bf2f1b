"""Whether anything has become of the session that is to be settled before the response leaves."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from django_logout import activity
from django_logout.guard import GuardedStore


def needs_settling(request: HttpRequest) -> bool:
    """Whether there is anything to do, found out without asking anybody: nothing for requests
    that leave their session alone, and mostly nothing for those that only read it."""
    session: Any = request.session
    if not isinstance(session, GuardedStore):
        return True  # the view has put another session in its place
    seen = session.__dict__
    if not ("watch" in seen or "_session_cache" in seen or seen["modified"]):
        return bool(settings.SESSION_SAVE_EVERY_REQUEST)
    watch, identity = session.watch, None
    if "_session_cache" in seen:
        identity = session.identity
    return bool(
        settings.SESSION_SAVE_EVERY_REQUEST
        or session.modified
        or watch.eventful
        or (identity and is_shut_out(request))
        or any(identity is None or session_id != identity.id for session_id in watch.held)
        or (identity and (not identity.registered or activity.notice(identity.id, request)))
    )


def is_shut_out(request: HttpRequest) -> bool:
    """Whether Django has looked for the session's user, and found nobody to let in. Looks at
    what it has found, and at nothing that would make it look."""
    found = [getattr(request, name, None) for name in ("_cached_user", "_acached_user")]
    lazy = type(getattr(request, "user", None)) is SimpleLazyObject
    return lazy and any(user is not None and not user.is_authenticated for user in found)
