"""For people: a page that says how things are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string

from django_logout.responses import messages
from django_logout.responses.base import DENYING, Kind, Notice, Responder, login_url
from django_logout.utils.csp import nonce

STATUS = {
    Kind.LOGGED_OUT: 200,
    Kind.NOT_ENDED: 503,
    Kind.CSRF_FAILED: 403,
    Kind.NOT_ALLOWED: 405,
    Kind.ENDED: 401,
    Kind.SESSIONS_ENDED: 200,
    Kind.REAUTHENTICATE: 403,
    Kind.NOT_LOGGED_IN: 401,
    Kind.NOT_FOUND: 404,
    Kind.TOO_FEW: 400,
    Kind.SHOWN: 200,
}
NAMES = {Kind.LOGGED_OUT: "logged_out", Kind.NOT_ENDED: "not_ended"}


class HtmlResponder(Responder):
    """The last resort, so it suits everybody."""

    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        """Always."""
        return True

    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """The view's own page where there is one; else one that needs no session and no database,
        since it may be these that are down."""
        if notice.kind in {Kind.CHOOSE, Kind.LOGGED_IN}:  # there is a page already
            return HttpResponseRedirect(notice.redirect_to)
        if notice.page is not None:
            response = notice.page()
            response.status_code = STATUS[notice.kind]
            return response
        name = NAMES.get(notice.kind, "session_ended")
        context = {"reason": messages.explain(notice.reason), "retry_url": request.get_full_path()}
        context["csp_nonce"] = nonce(request)
        if notice.kind in DENYING:
            context["login_url"] = notice.redirect_to or login_url(request)
        html = render_to_string(f"django_logout/{name}.html", context)
        response = HttpResponse(html, status=STATUS[notice.kind])
        if notice.kind is Kind.NOT_ENDED:
            response["Retry-After"] = "5"
        return response
