"""Require a recent login before a user ends sessions other than the current one.

An attacker at an unlocked computer must not be able to log its owner out everywhere else (OWASP
ASVS 5.0, 7.5.2). The proof is a login on the project's own login page, so this works without
passwords and with single sign-on.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from django_logout.conf import as_timedelta, logout_settings
from django_logout.guard.impersonation import get_impersonator
from django_logout.guard.presented import is_logged_in, presented_ids
from django_logout.responses.base import Kind, login_url, respond
from django_logout.sessions import identity, registry
from django_logout.utils.redirects import reverse_here

#: Query parameter of the page to which a user returns from the login page.
RETURNED = "again"


def reauthentication_response(
    request: HttpRequest, page: Callable[[], HttpResponse], *, back: str = ""
) -> HttpResponse | None:
    """Return the response to a user who may not end other sessions now, or ``None`` for one who may.

    The user returns to ``back``, a page that asks, or else to the sessions page, and presses the
    button again. Nothing is done by itself after the login, because another user may have logged in.
    """
    back = back or reverse_here(request, "logout_sessions") or request.path
    if not is_logged_in(request):
        url = login_url(request, back)
        return respond(request, Kind.NOT_LOGGED_IN, redirect_to=url)
    if get_impersonator(request) is not None:
        return respond(request, Kind.IMPERSONATED, page=page)
    if is_recent(request):
        return None
    url = login_url(request, f"{back}{'&' if '?' in back else '?'}{RETURNED}=1")
    return respond(request, Kind.REAUTHENTICATE, redirect_to=url, page=page)


def is_recent(request: HttpRequest) -> bool:
    """Return whether the login of this session is more recent than ``REAUTHENTICATION_AGE``.

    It never is while another user impersonates this one, who has proved nothing.
    """
    age = logout_settings().REAUTHENTICATION_AGE
    if get_impersonator(request) is not None:
        return False
    if age is None:
        return True
    user: Any = request.user
    for session_id in presented_ids(request)[:1]:
        rows = registry.sessions().filter(pk=session_id, user_id=user.pk, ended_at__isnull=True)
        if identity.is_adopted(session_id) or identity.is_code_login(session_id):
            # When an adopted session was started is unknown, and a login by code proves nothing
            # about who uses the session. Only a later login counts.
            rows = rows.filter(authenticated_at__gt=F("created_at"))
        return rows.filter(authenticated_at__gt=timezone.now() - as_timedelta(age)).exists()
    return False
