"""Has a session expired? Asked when it is loaded, before the view sees whose it is.

What the process remembers can only be earlier than the truth (others may have seen the session
since), so a session that is within its limits by that is within them, and nobody is asked. Only
what seems to have expired, or has not been met yet, costs one query.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from django_logout import activity, policy, registry, truth
from django_logout.conf import logout_settings
from django_logout.policy import Limits
from django_logout.registry import Identity
from django_logout.truth import Standing

if TYPE_CHECKING:
    from django.http import HttpRequest


def recall(identity: Identity) -> Standing | None:
    """Whether a session is within its limits by what this process knows; ``None``: ask."""
    given = logout_settings()
    if given.IDLE_TIMEOUT is None and given.MAX_AGE is None:
        return Standing(True)
    now, memory = timezone.now(), activity.recollect(identity.id)
    limits = activity.limits_of(memory, now)
    if limits is None:
        return None
    begun = memory.begun if memory is not None else None
    seen = memory.seen if memory is not None else None
    if limits.idle is None:
        seen = now
    if seen is None:
        return None
    begun = begun or datetime.fromtimestamp(identity.begun, UTC if settings.USE_TZ else None)
    over = policy.expired(limits, begun=begun, seen=seen, now=now)
    return None if over else Standing(True)


def ask(identity: Identity, request: HttpRequest | None) -> Standing:
    """Whether a session is within its limits, by its row."""
    given = logout_settings()
    rows = registry.sessions().filter(pk=identity.id)
    by_user = policy.depend_on_user(given)
    row = (rows.select_related("user") if by_user else rows).first()
    if row is None:
        # One from before our time gets its row with this request, and its time begins.
        return Standing(not identity.registered)
    if row.ended_at is not None:
        return truth.standing(identity)
    limits = _limits(row.user if by_user else None, request)
    memory, now = activity.recollect(row.pk), timezone.now()
    seen = max(row.last_seen_at, (memory and memory.seen) or row.last_seen_at)
    over = policy.expired(limits, begun=row.authenticated_at, seen=seen, now=now)
    if over is not None:
        return Standing(False, over, expired=True)
    memory = activity.remember(row)
    memory.limits, memory.limits_at = limits, now
    return Standing(True)


def _limits(user: Any, request: HttpRequest | None) -> Limits:
    with _signed_in(request, user):
        return policy.limits_for(logout_settings(), user, request)


@contextmanager
def _signed_in(request: HttpRequest | None, user: Any) -> Iterator[None]:
    """Whoever asks ``request.user`` for it is told, and Django remembers nothing of that: the
    session may turn out to have expired."""
    if request is None or user is None:
        yield
        return
    before = request.__dict__.get("user")
    request.user = user
    try:
        yield
    finally:
        if before is None:
            del request.user
        else:
            request.user = before
