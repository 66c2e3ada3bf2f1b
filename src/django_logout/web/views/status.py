"""Is this browser signed in, and for how long? For scripts of pages, so always JSON."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.generic import View

from django_logout.conf import logout_settings
from django_logout.decorators import exempt
from django_logout.guard.install import guard
from django_logout.guard.presented import presented, user_fingerprint
from django_logout.responses import messages
from django_logout.responses.base import Kind, Notice
from django_logout.responses.json import JsonResponder
from django_logout.sessions import activity, registry, timeouts
from django_logout.web import replay_detection
from django_logout.web.csrf import CSRF_FAILED, csrf_protect


class StatusView(View):
    """GET tells, and is no activity of the user, however often it is asked; POST stays signed in,
    as far as using the site does that."""

    http_method_names = ["get", "head", "post", "options"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view; it sees to CSRF itself, and whoever is not signed in is told so."""
        return exempt(never_cache(csrf_protect(super().as_view(**initkwargs))))

    def get(self, request: HttpRequest) -> HttpResponse:
        """Tell."""
        return _answer(request, Notice(kind=Kind.SHOWN, data=_status(request)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Stay signed in, and tell; with a token for the forms of a page that was there before
        this login."""
        if hasattr(request, CSRF_FAILED):
            return _answer(request, Notice(kind=Kind.CSRF_FAILED))
        data = _status(request, stay=True)
        if data["authenticated"]:
            data["csrf_token"] = get_token(request)
        return _answer(request, Notice(kind=Kind.SHOWN, data=data))


def _status(request: HttpRequest, *, stay: bool = False) -> dict[str, Any]:
    if not request.user.is_authenticated:
        return {"authenticated": False, **_why(request)}
    if stay:
        for session_id in presented(request)[:1]:
            activity.touch_now(session_id)
    left: tuple[int | None, int | None] = (None, None)
    row = registry.sessions().filter(pk__in=presented(request)[:1]).first()
    if row is not None:
        memory = activity.get_memory(row.pk)
        left = timeouts.seconds_left(
            timeouts.limits_for(logout_settings(), request.user, request),
            begun=row.authenticated_at,
            seen=max(row.last_seen_at, (memory and memory.seen) or row.last_seen_at),
            expires=row.expires_at,
            now=timezone.now(),
        )
    return {
        "authenticated": True,
        "user": user_fingerprint(request),
        "expires_in": left[0],
        "idle_expires_in": left[1],
    }


def _why(request: HttpRequest) -> dict[str, str]:
    """Why the session of this browser has ended: as it turns out now, or as the script says that
    another answer has said, which took the cookie along."""
    found = replay_detection.detect(request, guard(request.session))
    reason = str(found or request.GET.get("reason", ""))
    return {"reason": reason, "message": str(messages.explain_reason(reason))} if reason else {}


def _answer(request: HttpRequest, notice: Notice) -> HttpResponse:
    return JsonResponder().respond(request, notice)
