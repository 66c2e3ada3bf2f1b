"""For fetch and API clients: JSON, and RFC 9457 problem details for errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from django_logout.enums import Reason
from django_logout.responses import messages
from django_logout.responses.base import DENYING, Kind, Notice, Responder, login_url
from django_logout.types import LogoutResult


class JsonResponder(Responder):
    """Whoever prefers JSON gets it; so does a fetch that met an ended session."""

    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        """By the Accept header, or by what else is served there; a fetch without one cannot follow
        a redirect to a login page."""
        types = ("text/html", "application/json", "application/problem+json")
        if notice.as_json or request.get_preferred_type(types) in types[1:]:
            return True
        return notice.kind in DENYING and request.headers.get("Sec-Fetch-Dest") == "empty"

    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """200 with what has ended, or a problem with its reason."""
        match notice.kind:
            case Kind.SHOWN:
                return JsonResponse(notice.data)
            case Kind.LOGGED_OUT | Kind.SESSIONS_ENDED | Kind.LOGGED_IN:
                return JsonResponse(_success(notice, request.path))
            case Kind.NOT_ENDED:
                detail = _("You are still logged in. Try again in a notice.")
                response = _problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)
                response["Retry-After"] = "5"
                return response
            case Kind.CSRF_FAILED:
                return _problem(HTTPStatus.FORBIDDEN, _("Send the CSRF token, or log out by hand."))
            case Kind.NOT_ALLOWED:
                return _problem(HTTPStatus.METHOD_NOT_ALLOWED, _("Log out with POST."))
            case _:
                return _turned_away(request, notice)


def _turned_away(request: HttpRequest, notice: Notice) -> HttpResponse:
    match notice.kind:
        case Kind.NOT_FOUND:
            return _problem(HTTPStatus.NOT_FOUND, _("You have no such session."))
        case Kind.NOT_LOGGED_IN:
            url = notice.redirect_to
            return _problem(HTTPStatus.UNAUTHORIZED, _("Log in first."), login_url=url)
        case Kind.TOO_FEW:
            return _problem(HTTPStatus.BAD_REQUEST, messages.choose_more())
        case Kind.CHOOSE:
            url, reason = notice.redirect_to, str(Reason.LOGIN_REFUSED)
            extra = {"reason": reason, "choose_url": url, "login_url": login_url(request)}
            return _problem(HTTPStatus.UNAUTHORIZED, messages.choose(), **extra)
        case Kind.REAUTHENTICATE:
            url = notice.redirect_to
            return _problem(HTTPStatus.FORBIDDEN, messages.reauthenticate(), reauthenticate_url=url)
        case _:
            return _problem(
                HTTPStatus.UNAUTHORIZED,
                str(messages.explain(notice.reason)),
                reason=str(notice.reason),
                login_url=login_url(request, page=notice.login_page),
            )


def _success(notice: Notice, default: str) -> dict[str, Any]:
    result = notice.result or LogoutResult()
    exempt = {"exempt": dict(result.exempt)} if result.exempt else {}
    return {
        "logged_out": notice.kind is Kind.LOGGED_OUT,
        "complete": result.complete,
        "reason": str(result.reason),
        "ended": dict(result.ended),
        "failed": list(result.failed),
        **exempt,
        "redirect_to": notice.redirect_to or default,
    }


def _problem(status: HTTPStatus, detail: str, **extra: str) -> JsonResponse:
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return JsonResponse({**body, **extra}, status=status, content_type="application/problem+json")
