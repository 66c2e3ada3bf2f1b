"""Show a user's sessions and tokens, end one of them, or end the others.

``LogoutView`` ends all of them.
"""

from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from django_logout.ending.pipeline import end_sessions
from django_logout.enums import Reason
from django_logout.guard.impersonation import get_impersonator
from django_logout.guard.presented import is_logged_in, presented_ids
from django_logout.responses.base import REAUTHENTICATE_TAG, Kind, login_url, respond
from django_logout.responses.messages import IMPERSONATED
from django_logout.responses.pages import SafePage
from django_logout.types import Target
from django_logout.utils.redirects import resolve_or_log, reverse_here
from django_logout.web.csrf import CSRF_FAILED, ProtectedView
from django_logout.web.reauthentication import RETURNED, is_recent, reauthentication_response
from django_logout.web.session_list import Listing
from django_logout.web.views.logout import LogoutView


class SessionsView(ProtectedView, TemplateView):
    """Show the user's sessions and tokens, as a page or as JSON: the current one first, then by
    last use.

    ``template_name``, ``extra_context`` and ``paginate_by`` can be set as on Django's views.
    """

    template_name = "django_logout/sessions.html"
    response_class = SafePage
    http_method_names = ["get", "head", "options"]
    paginate_by = 20

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Require a login."""
        # A project may have no page of sessions. Its browsers then stay on this view, if it shows
        # one, or go to where a login leads.
        fallback = request.path if "get" in self.http_method_names else settings.LOGIN_REDIRECT_URL
        self.url = reverse_here(request, "logout_sessions") or resolve_or_log(fallback)
        if not is_logged_in(request):
            url = login_url(request, self.url if request.method == "POST" else "")
            return respond(request, Kind.NOT_LOGGED_IN, redirect_to=url)
        self.listing = Listing(request, self.paginate_by)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of the sessions and tokens."""
        data, page = {"sessions": self.listing.data()}, self.listing.page
        response = respond(request, Kind.SHOWN, data=data, page=self._show)
        if page.has_next() and response["Content-Type"] == "application/json":
            response["Link"] = f'<{self.url}?page={page.next_page_number()}>; rel="next"'
        return response

    def _show(self, **context: Any) -> HttpResponse:
        request = self.request
        # The login page of the project may send a logged-in user straight back.
        stuck = RETURNED in request.GET and not is_recent(request)
        context = {
            "title": _("Your sessions"),
            **self.listing.context(),
            "logout_url": reverse_here(request, "logout") if stuck else "",
            "login_url": login_url(request, f"{self.url}?{RETURNED}=1"),
            "reauthenticate": stuck,
            "impersonated": IMPERSONATED if get_impersonator(request) is not None else "",
            # The user has logged in since the message that asks for it, or the page itself asks.
            "notices": [m for m in get_messages(request) if REAUTHENTICATE_TAG not in m.tags],
            **context,
        }
        response = self.render_to_response(self.get_context_data(**context))
        response.own_template = SessionsView.template_name  # type: ignore[attr-defined]
        return response


class SessionEndView(SessionsView):
    """End one of the user's sessions or tokens. To end the current session is to log out."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """End the session or token with this id."""
        if hasattr(request, CSRF_FAILED):
            return self._refuse(Kind.CSRF_FAILED)
        if session_id in presented_ids(request)[:1]:
            response: HttpResponse = LogoutView.as_view()(request)
            return response
        target = self.listing.target(session_id)
        if target is None:
            return respond(request, Kind.NOT_FOUND, page=_not_found)
        return self._end(target)

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Return a 405, with the page that has the buttons."""
        response = self._refuse(Kind.NOT_ALLOWED)
        response["Allow"] = ", ".join(self._allowed_methods())  # type: ignore[attr-defined]
        return response

    def _end(self, target: Target) -> HttpResponse:
        request, page = self.request, partial(self._show, reauthenticate=True)
        if refusal := reauthentication_response(request, page):
            return refusal
        who: dict[str, Any] = {"actor": request.user, "request": request}
        result = end_sessions(target, reason=Reason.REMOTE, **who)
        about: dict[str, Any] = {"result": result, "redirect_to": self.url, "page": self._show}
        return respond(request, Kind.SESSIONS_ENDED, **about)

    def _refuse(self, kind: Kind) -> HttpResponse:
        page = partial(self._show, csrf_failed=kind is Kind.CSRF_FAILED)
        return respond(self.request, kind, page=page)


class OthersEndView(SessionEndView):
    """End all of the user's sessions and tokens, except the current session and its tokens."""

    def post(self, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        """End the other sessions and tokens."""
        if hasattr(request, CSRF_FAILED):
            return self._refuse(Kind.CSRF_FAILED)
        return self._end(Target.others(request))


def _not_found() -> HttpResponse:
    raise Http404
