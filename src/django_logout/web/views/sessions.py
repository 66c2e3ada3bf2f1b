"""Your sessions and tokens: see them, end one, end the others. (Ending all is ``LogoutView``'s.)"""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from django_logout.decorators import exempt
from django_logout.ending.pipeline import end_sessions
from django_logout.guard.presented import presented
from django_logout.responses.base import REAUTHENTICATE_TAG, Kind, Notice, login_url, respond
from django_logout.sessions import registry
from django_logout.types import Target
from django_logout.utils.redirects import reverse_here
from django_logout.web import reauthentication
from django_logout.web.csrf import CSRF_FAILED, csrf_protect
from django_logout.web.session_list import Listing
from django_logout.web.views.logout import LogoutView


class SessionsView(TemplateView):
    """The user's sessions and tokens, as a page or as JSON; this session first, then by use.

    ``template_name``, ``extra_context`` and ``paginate_by`` can be set as on Django's views.
    """

    template_name = "django_logout/sessions.html"
    http_method_names = ["get", "head", "options"]
    paginate_by = 20

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view; it sees to logins, CSRF and transactions itself, as ``LogoutView`` does."""
        return exempt(never_cache(csrf_protect(super().as_view(**initkwargs))))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Only for users."""
        self.url = reverse_here(request, "logout_sessions") or self._without_list(request)
        if not request.user.is_authenticated:
            url = login_url(request, self.url if request.method == "POST" else "")
            return respond(request, Notice(kind=Kind.NOT_LOGGED_IN, redirect_to=url))
        self.listing = Listing(request, self.paginate_by)
        return super().dispatch(request, *args, **kwargs)

    def _without_list(self, request: HttpRequest) -> str:
        """Where to go in a project that has no page of sessions, or has this view for one."""
        shows = "get" in self.http_method_names
        return request.path if shows else resolve_url(settings.LOGIN_REDIRECT_URL)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        page = self.listing.page
        notice = Notice(kind=Kind.SHOWN, data={"sessions": self.listing.data()}, page=self._show)
        response = respond(request, notice)
        if page.has_next() and response["Content-Type"] == "application/json":
            response["Link"] = f'<{self.url}?page={page.next_page_number()}>; rel="next"'
        return response

    def _show(self, **context: Any) -> HttpResponse:
        request = self.request
        # Sent to log in, and back at once, by a login page that has nothing to say to users.
        stuck = reauthentication.RETURNED in request.GET and not reauthentication.is_recent(request)
        context = {
            "title": _("Your sessions"),
            **self.listing.context(),
            "logout_url": reverse_here(request, "logout") if stuck else "",
            "login_url": login_url(request, f"{self.url}?{reauthentication.RETURNED}=1"),
            "reauthenticate": stuck,
            # What asks for a login has been heeded, or is said by the page itself.
            "notices": [m for m in get_messages(request) if REAUTHENTICATE_TAG not in m.tags],
            **context,
        }
        return self.render_to_response(self.get_context_data(**context))


class SessionEndView(SessionsView):
    """End one of the user's sessions or tokens. If it is this session, that is logging out."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """End it."""
        if hasattr(request, CSRF_FAILED):
            return self._refuse(Kind.CSRF_FAILED)
        if session_id in presented(request)[:1]:
            response: HttpResponse = LogoutView.as_view()(request)
            return response
        user: Any = request.user
        if registry.sessions().filter(pk=session_id, user_id=user.pk).exists():
            return self._end(Target.session(session_id))
        if session_id in {token.id for token in self.listing.tokens}:
            return self._end(Target.credential(user, session_id))
        return respond(request, Notice(kind=Kind.NOT_FOUND, page=_not_found))

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """405, with the page that has the buttons."""
        response = self._refuse(Kind.NOT_ALLOWED)
        response["Allow"] = ", ".join(self._allowed_methods())  # type: ignore[attr-defined]
        return response

    def _end(self, target: Target) -> HttpResponse:
        request, ask = self.request, partial(self._show, reauthenticate=True)
        if response := reauthentication.reauthentication_response(request, ask):
            return response
        result = end_sessions(target, actor=request.user, request=request)
        notice = Notice(
            kind=Kind.SESSIONS_ENDED, result=result, redirect_to=self.url, page=self._show
        )
        return respond(request, notice)

    def _refuse(self, kind: Kind) -> HttpResponse:
        page = partial(self._show, not_proved=kind is Kind.CSRF_FAILED)
        return respond(self.request, Notice(kind=kind, page=page))


class OthersEndView(SessionEndView):
    """End all of the user's sessions and tokens but this one and what it has obtained."""

    def post(self, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        """End them."""
        if hasattr(request, CSRF_FAILED):
            return self._refuse(Kind.CSRF_FAILED)
        return self._end(Target.others(request))


def _not_found() -> HttpResponse:
    raise Http404
