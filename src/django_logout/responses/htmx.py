"""For htmx: a 2xx that makes the whole page move, never a page swapped into a fragment."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from django_logout.responses.base import (
    REDIRECTING,
    Kind,
    Notice,
    Responder,
    add_message,
    login_url,
)


class HtmxResponder(Responder):
    """``HX-Redirect`` with no content: htmx ignores its headers on a 3xx, and version 4 swaps
    the bodies of errors."""

    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        """For htmx's own requests, when there is somewhere to go."""
        return notice.kind in REDIRECTING and request.headers.get("HX-Request") == "true"

    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """204 with the header, and a message for the page it leads to."""
        url = notice.redirect_to
        if notice.kind is Kind.ENDED:
            url = login_url(request, page=notice.login_page)
        response = HttpResponse(status=204, headers={"HX-Redirect": url or request.path})
        add_message(request, response, notice)
        return response
