"""Respond to fetch and API clients with JSON, and with problem details (RFC 9457) for errors."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _

from django_logout.responses.base import Kind, Notice, Responder, login_url
from django_logout.responses.messages import (
    CHOOSE,
    CHOOSE_MORE,
    IMPERSONATED,
    NONE_SELECTED,
    REAUTHENTICATE,
    explain_reason,
)
from django_logout.types import LogoutResult

_DETAILS = {
    Kind.NOT_ENDED: _("You may still be logged in. Please try again in a moment."),
    Kind.CSRF_FAILED: _("CSRF verification failed. Send the CSRF token, or log out manually."),
    Kind.NOT_ALLOWED: _("To log out, send a POST request."),
    Kind.NOT_FOUND: _("This session could not be found in your account."),
    Kind.NOT_LOGGED_IN: _("Please log in first."),
    Kind.TOO_FEW: CHOOSE_MORE,
    Kind.NONE_SELECTED: NONE_SELECTED,
    Kind.CHOOSE: CHOOSE,
    Kind.REAUTHENTICATE: REAUTHENTICATE,
    Kind.IMPERSONATED: IMPERSONATED,
}
#: What a problem calls the URL at which the user can solve it.
_URLS = {
    Kind.NOT_LOGGED_IN: "login_url",
    Kind.REAUTHENTICATE: "reauthenticate_url",
    Kind.CHOOSE: "choose_url",
}


class JsonResponder(Responder):
    """Respond with JSON to clients that prefer it, and to a fetch whose session has ended."""

    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        """Decide by the Accept header and by what the view itself returns. A fetch without that
        header gets JSON if the user has to log in: it cannot use the page of a redirect."""
        types = ("text/html", "application/json", "application/problem+json")
        if notice.as_json or request.get_preferred_type(types) in types[1:]:
            return True
        return request.headers.get("Sec-Fetch-Dest") == "empty" and notice.kind.needs_login

    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """Return what ended with status 200, or a problem with its reason."""
        kind = notice.kind
        if kind is Kind.SHOWN:
            return JsonResponse(dict(notice.data))
        if kind.status is HTTPStatus.OK:
            return JsonResponse(_success(request, notice))
        problem = {
            "type": "about:blank",
            "title": kind.status.phrase,
            "status": kind.status.value,
            "detail": _DETAILS.get(kind) or explain_reason(notice.reason, request),
        }
        if kind in {Kind.ENDED, Kind.CHOOSE}:
            problem["reason"] = str(notice.reason)
            problem["login_url"] = login_url(request, page=notice.login_page)
        if kind in _URLS:
            problem[_URLS[kind]] = notice.redirect_to
        return JsonResponse(problem, status=kind.status, content_type="application/problem+json")


def is_json(response: HttpResponse) -> bool:
    """Return whether a response says that its body is JSON of any kind."""
    return "json" in response.get("Content-Type", "")


def add_members(response: HttpResponse, members: Mapping[str, Any]) -> None:
    """Add members to the object in the body of another API's response, which keeps its own.

    A body that is no object, or is compressed, is left alone.
    """
    if response.streaming or response.has_header("Content-Encoding"):
        return
    try:
        body = json.loads(response.content)
    except ValueError:
        return
    if isinstance(body, dict):
        response.content = json.dumps({**members, **body}, cls=DjangoJSONEncoder).encode()
        if response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))


def _success(request: HttpRequest, notice: Notice) -> dict[str, Any]:
    result = notice.result or LogoutResult()
    more: dict[str, Any] = {"exempt": dict(result.exempt)} if result.exempt else {}
    if result.left:
        more["left"] = result.left
    if notice.warning:
        more["detail"] = notice.warning
    return {
        "logged_out": notice.kind is Kind.LOGGED_OUT,
        "complete": result.complete,
        "reason": str(result.reason),
        "ended": dict(result.ended),
        "failed": list(result.failed),
        **more,
        "redirect_to": notice.redirect_to or request.path,
    }
