"""Your sessions: see them, end one, end the others. (Ending all is ``LogoutView``'s.)"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.messages import get_messages
from django.core.paginator import Page, Paginator
from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from django_logout import limits, reauthentication, registry
from django_logout.answers.base import REAUTHENTICATE_TAG, Kind, Moment, login_url, respond
from django_logout.browser import presented
from django_logout.core import end_sessions
from django_logout.csrf import NOT_PROVED, csrf_protect
from django_logout.devices import spoken
from django_logout.models import LoginSession
from django_logout.redirects import sibling
from django_logout.types import Target
from django_logout.views.logout import LogoutView, open_to_all


class SessionsView(TemplateView):
    """The user's sessions, as a page or as JSON; this one first, then by when they were used.

    ``template_name``, ``extra_context`` and ``paginate_by`` can be set as on Django's views.
    """

    template_name = "django_logout/sessions.html"
    http_method_names = ["get", "head", "options"]
    paginate_by = 20

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view; it sees to logins, CSRF and transactions itself, as ``LogoutView`` does."""
        return open_to_all(never_cache(csrf_protect(super().as_view(**initkwargs))))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Only for users."""
        self.url = sibling(request, "logout_sessions") or request.path
        if not request.user.is_authenticated:
            url = login_url(request, self.url if request.method == "POST" else "")
            return respond(request, Moment(kind=Kind.NOT_LOGGED_IN, redirect_to=url))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        page = self._page_of_sessions()
        data = {"sessions": [self._described(session) for session in page]}
        show = partial(self._show, page)
        response = respond(request, Moment(kind=Kind.SHOWN, data=data, page=show))
        if page.has_next() and response["Content-Type"] == "application/json":
            response["Link"] = f'<{self.url}?page={page.next_page_number()}>; rel="next"'
        return response

    def _page_of_sessions(self) -> Page[LoginSession]:
        self.here = next(iter(presented(self.request)), None)
        first = Case(When(pk=self.here, then=0), default=1)
        mine = limits.living(self.request.user, self.request)
        found = mine.defer("session_key", "rotated_from")
        found = found.order_by(first, "-last_seen_at", "pk")
        return Paginator(found, self.paginate_by).get_page(self.request.GET.get("page"))

    def _described(self, session: LoginSession) -> dict[str, Any]:
        return {
            "id": session.pk,
            "current": session.pk == self.here,
            "created_at": session.created_at,
            "last_seen_at": session.last_seen_at,
            "expires_at": session.expires_at,
            "ip_address": session.ip_address,
            "device": spoken(session.device),
            "kind": "session",
        }

    def _show(self, page: Page[LoginSession] | None = None, **context: Any) -> HttpResponse:
        request, page = self.request, page or self._page_of_sessions()
        # Sent to log in, and back at once, by a login page that has nothing to say to users.
        stuck = reauthentication.AGAIN in request.GET and not reauthentication.is_fresh(request)
        context = {
            "title": _("Your sessions"),
            "sessions": [self._described(session) | self._urls(session) for session in page],
            "page_obj": page,
            "just_now": timezone.now() - timedelta(minutes=1),
            "others_url": sibling(request, "logout_others"),
            "everywhere_url": sibling(request, "logout_everywhere"),
            "logout_url": sibling(request, "logout") if stuck else "",
            "login_url": login_url(request, f"{self.url}?{reauthentication.AGAIN}=1"),
            "reauthenticate": stuck,
            # What asks for a login has been heeded, or is said by the page itself.
            "notices": [m for m in get_messages(request) if REAUTHENTICATE_TAG not in m.tags],
            **context,
        }
        return self.render_to_response(self.get_context_data(**context))

    def _urls(self, session: LoginSession) -> dict[str, str]:
        url = sibling(self.request, "logout_session_end", session_id=session.pk)
        return {"end_url": url}


class SessionEndView(SessionsView):
    """End one of the user's sessions. If it is this one, that is logging out."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """End it."""
        if hasattr(request, NOT_PROVED):
            return self._refuse(Kind.NOT_PROVED)
        if session_id in presented(request)[:1]:
            response: HttpResponse = LogoutView.as_view()(request)
            return response
        user: Any = request.user
        if not registry.sessions().filter(pk=session_id, user_id=user.pk).exists():
            return respond(request, Moment(kind=Kind.NOT_FOUND, page=_not_found))
        return self._end(Target.session(session_id))

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """405, with the page that has the buttons."""
        response = self._refuse(Kind.NOT_ALLOWED)
        response["Allow"] = ", ".join(self._allowed_methods())  # type: ignore[attr-defined]
        return response

    def _end(self, target: Target) -> HttpResponse:
        request, ask = self.request, partial(self._show, reauthenticate=True)
        if objection := reauthentication.objection(request, ask):
            return objection
        result = end_sessions(target, actor=request.user, request=request)
        moment = Moment(
            kind=Kind.SESSIONS_ENDED, result=result, redirect_to=self.url, page=self._show
        )
        return respond(request, moment)

    def _refuse(self, kind: Kind) -> HttpResponse:
        page = partial(self._show, not_proved=kind is Kind.NOT_PROVED)
        return respond(self.request, Moment(kind=kind, page=page))


class OthersEndView(SessionEndView):
    """End all of the user's sessions but this one."""

    def post(self, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        """End them."""
        if hasattr(request, NOT_PROVED):
            return self._refuse(Kind.NOT_PROVED)
        return self._end(Target.others(request))


def _not_found() -> HttpResponse:
    raise Http404
