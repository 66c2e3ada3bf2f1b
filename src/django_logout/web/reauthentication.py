"""Has this user shown lately who they are? Asked before sessions end that are not this one.

Whoever finds an unlocked computer must not be able to lock its owner out everywhere else (OWASP
ASVS 5.0, 7.5.2). The proof is a login, by the project's own login page: so it works without
passwords, and with single sign-on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from django_logout.conf import as_timedelta, logout_settings
from django_logout.guard.presented import presented
from django_logout.responses.base import Kind, Notice, login_url, respond
from django_logout.sessions import identity, registry
from django_logout.utils.redirects import reverse_here

#: In the query of the page that a user comes back to, having been sent to log in.
RETURNED = "again"


def is_recent(request: HttpRequest) -> bool:
    """Whether the login of this session is younger than ``REAUTHENTICATION_AGE``."""
    age = logout_settings().REAUTHENTICATION_AGE
    if age is None:
        return True
    user: Any = request.user
    for session_id in presented(request)[:1]:
        rows = registry.sessions().filter(pk=session_id, user_id=user.pk, ended_at__isnull=True)
        if identity.is_adopted(session_id):  # when it began nobody knows; only a login since counts
            rows = rows.filter(authenticated_at__gt=F("created_at"))
        return rows.filter(authenticated_at__gt=timezone.now() - as_timedelta(age)).exists()
    return False


def reauthentication_response(
    request: HttpRequest, page: Callable[[], HttpResponse]
) -> HttpResponse | None:
    """The answer for whoever may not end other sessions now; ``None`` for who may.

    The user comes back to the sessions page, and presses the button again: what was asked for
    is not done by itself after the login, which may be somebody else's.
    """
    back = reverse_here(request, "logout_sessions") or request.path
    if not request.user.is_authenticated:
        url = login_url(request, back)
        return respond(request, Notice(kind=Kind.NOT_LOGGED_IN, redirect_to=url))
    if is_recent(request):
        return None
    url = login_url(request, f"{back}?{RETURNED}=1")
    return respond(request, Notice(kind=Kind.REAUTHENTICATE, redirect_to=url, page=page))
