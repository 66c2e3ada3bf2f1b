"""The browser's usual answer: go there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from django_logout.responses.base import MOVING, Answer, Moment, say_why


class RedirectAnswer(Answer):
    """Redirects to where the user goes next; says why, if that is the login page."""

    def suits(self, request: HttpRequest, moment: Moment) -> bool:
        """When there is somewhere to go."""
        return moment.kind in MOVING and bool(moment.redirect_to)

    def respond(self, request: HttpRequest, moment: Moment) -> HttpResponse:
        """A 302, with a message if there is more to say than the next page does."""
        response = HttpResponseRedirect(moment.redirect_to)
        say_why(request, response, moment)
        return response
