"""Respond to browsers with a page."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from django_logout.responses.base import Kind, Notice, Responder, login_url
from django_logout.responses.messages import STILL_LOGGED_IN, explain_reason
from django_logout.responses.pages import render_page
from django_logout.utils.csp import nonce
from django_logout.utils.static import static_url


class HtmlResponder(Responder):
    """Respond with a page. This is the last resort, so it accepts every request."""

    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        """Return True."""
        return True

    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """Render the page of the view, if there is one. The other pages need neither a session nor
        a database, because these may be what is down."""
        kind = notice.kind
        if kind in {Kind.CHOOSE, Kind.LOGGED_IN}:  # The page to show has a URL of its own.
            return HttpResponseRedirect(notice.redirect_to)
        if notice.form_url:
            about: dict[str, Any] = {"action": notice.form_url, "fields": dict(notice.fields)}
            about["continue_script"] = static_url("django_logout/continue.js")
            about["csp_nonce"] = nonce(request)
            return HttpResponse(render_page("django_logout/continue.html", about))
        if notice.page is not None:
            response = notice.page()
            response.status_code = kind.status.value  # an int, as in every other response
            return response
        own = {Kind.LOGGED_OUT, Kind.NOT_ENDED, Kind.STILL_LOGGED_IN}
        name = kind if kind in own else "session_ended"
        context = {
            "reason": explain_reason(notice.reason, request),
            "retry_url": request.get_full_path(),
            "csp_nonce": nonce(request),
        }
        if notice.warning:
            context["warning"] = notice.warning
            context["unsure"] = notice.result is not None and notice.result.left > 0
        if kind is Kind.STILL_LOGGED_IN:
            context["warning"] = STILL_LOGGED_IN
        if kind.needs_login:
            context["login_url"] = notice.redirect_to or login_url(request)
        html = render_page(f"django_logout/{name}.html", context)
        return HttpResponse(html, status=kind.status)
