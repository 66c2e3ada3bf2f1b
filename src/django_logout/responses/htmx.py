"""Respond to htmx with a header that moves the whole page."""

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import iri_to_uri

from django_logout.responses.base import Kind, Notice, Responder, add_message, login_url


class HtmxResponder(Responder):
    """Respond with ``HX-Redirect``, so that htmx never swaps a page into a fragment.

    The status is 204 because htmx ignores its headers on a 3xx, and version 4 swaps the bodies of
    errors.
    """

    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        """Accept the requests of htmx that have to lead to another page."""
        leads = notice.redirect_to or notice.kind in {Kind.LOGGED_OUT, Kind.ENDED}
        return bool(leads) and request.headers.get("HX-Request") == "true"

    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """Return 204 with the header, and add a message for the page that it leads to."""
        url = notice.redirect_to
        if notice.kind is Kind.ENDED:
            url = login_url(request, page=notice.login_page)
        # Encoded as in the Location of a redirect: a header takes no line break.
        headers = {"HX-Redirect": iri_to_uri(url or request.path)}
        response = HttpResponse(status=204, headers=headers)
        add_message(request, response, notice)
        return response
