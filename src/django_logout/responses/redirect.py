"""Respond to browsers with a redirect."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from django_logout.responses.base import Notice, Responder, add_message


class RedirectResponder(Responder):
    """Redirect the browser to the page that the notice names."""

    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        """Accept each notice that names a page to go to, and no form that leads there."""
        return bool(notice.redirect_to) and not notice.form_url

    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """Return a 302, and add a message for the page that it leads to."""
        response = HttpResponseRedirect(notice.redirect_to)
        add_message(request, response, notice)
        return response
