"""The browser's usual answer: go there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from django_logout.responses.base import REDIRECTING, Notice, Responder, add_message


class RedirectResponder(Responder):
    """Redirects to where the user goes next; says why, if that is the login page."""

    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        """When there is somewhere to go."""
        return notice.kind in REDIRECTING and bool(notice.redirect_to)

    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """A 302, with a message if there is more to say than the next page does."""
        response = HttpResponseRedirect(notice.redirect_to)
        add_message(request, response, notice)
        return response
