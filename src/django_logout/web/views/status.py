"""Tell the scripts of a page, as JSON, whether the user is logged in and for how long."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone

from django_logout.conf import logout_settings
from django_logout.guard.install import state_of
from django_logout.guard.presented import is_logged_in, presented_ids, user_fingerprint
from django_logout.responses.base import Kind, respond
from django_logout.responses.json import JsonResponder
from django_logout.responses.messages import explain_reason
from django_logout.sessions import activity, registry, timeouts
from django_logout.web import replay_detection
from django_logout.web.csrf import CSRF_FAILED, ProtectedView


class StatusView(ProtectedView):
    """GET returns the status, and never counts as activity. POST also keeps the user logged in, as
    any other use of the site does. Anonymous clients may call it: they learn that they are logged
    out."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the status."""
        return respond(request, Kind.SHOWN, responder=JsonResponder(), data=_status(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Count as activity, and return the status. It includes a CSRF token for the forms of a
        page that is older than this login."""
        if hasattr(request, CSRF_FAILED):
            return respond(request, Kind.CSRF_FAILED, responder=JsonResponder())
        data = _status(request, touch=True)
        if data["authenticated"]:
            data["csrf_token"] = get_token(request)
        return respond(request, Kind.SHOWN, responder=JsonResponder(), data=data)


def _status(request: HttpRequest, *, touch: bool = False) -> dict[str, Any]:
    if not is_logged_in(request):
        # The ended session may be this one, or one whose cookie an earlier response has deleted.
        # The script passes on the reason that such a response has named.
        found = replay_detection.detect_replay(request, state_of(request))
        reason = str(found or request.GET.get("reason", ""))
        why = {"reason": reason, "message": str(explain_reason(reason))} if reason else {}
        return {"authenticated": False, **why}
    current = presented_ids(request)[:1]
    if touch and current:
        activity.touch_now(current[0])
    data: dict[str, Any] = {"authenticated": True, "user": user_fingerprint(request)}
    left: tuple[int | None, int | None] = (None, None)
    row = registry.sessions().filter(pk__in=current).first()
    if row is not None:
        memory = activity.get_memory(row.pk)
        left = timeouts.seconds_left(
            timeouts.limits_for(logout_settings(), request.user, request),
            begun=row.authenticated_at,
            seen=max(row.last_seen_at, (memory and memory.seen) or row.last_seen_at),
            expires=row.expires_at,
            now=timezone.now(),
        )
    return {**data, "expires_in": left[0], "idle_expires_in": left[1]}
