"""Too many sessions: whoever has proved who they are chooses which of theirs end for this login."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from django_logout.conf import logout_settings
from django_logout.ending.pipeline import end_sessions
from django_logout.enums import Reason
from django_logout.exceptions import LoginRefused
from django_logout.guard.install import guard
from django_logout.policies import pending_login, session_limits
from django_logout.responses.base import Kind, Notice, login_url, respond
from django_logout.sessions import timeouts
from django_logout.types import LogoutResult, Target
from django_logout.web.csrf import CSRF_FAILED, ensure_post_parsed
from django_logout.web.session_list import describe_row
from django_logout.web.views.sessions import SessionsView


class ChooseView(SessionsView):
    """GET lists them; POST ends those named by ``session``, or ``all``, and logs in. With
    ``cancel`` nobody is.

    Until then nobody is logged in, and nothing else can be done with the note that the session
    holds; see :mod:`django_logout.policies.pending_login`. ``template_name`` and ``extra_context`` can be set.
    """

    template_name = "django_logout/choose.html"
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Only for whoever has a login to complete."""
        note = pending_login.load_pending_login(request)
        if note is None:
            return self._nothing_to_complete()
        self.note, limit = note, session_limits.max_sessions(note.user, request)
        self.sessions = session_limits.counted_sessions(note.user, request).defer(
            "session_key", "rotated_from"
        )
        self.rows = list(self.sessions.order_by("last_seen_at", "pk"))
        self.to_end = 0 if limit is None else max(0, len(self.rows) + 1 - limit)
        return TemplateView.dispatch(self, request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        data = {"sessions": self._described(), "to_end": self.to_end}
        return respond(request, Notice(kind=Kind.SHOWN, data=data, page=self._ask))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End what was chosen, and log in; or cancel."""
        if hasattr(request, CSRF_FAILED):
            page = partial(self._ask, not_proved=True)
            return respond(request, Notice(kind=Kind.CSRF_FAILED, page=page))
        ensure_post_parsed(request)
        if "cancel" in request.POST:
            return self._cancel()
        names = set(request.POST.getlist("session"))
        chosen = [row.pk for row in self.rows if "all" in request.POST or str(row.pk) in names]
        if len(chosen) < self.to_end:
            page = partial(self._ask, too_few=True)
            return respond(request, Notice(kind=Kind.TOO_FEW, page=page))
        result = None
        if chosen:
            how: dict[str, Any] = {"reason": Reason.LIMIT, "actor": self.note.user}
            target = Target.sessions(self.sessions.filter(pk__in=chosen))
            result = end_sessions(target, request=request, **how)
        return self._log_in(result)

    def _log_in(self, result: LogoutResult | None) -> HttpResponse:
        request, note = self.request, self.note
        state = guard(request.session)
        state.pending_login = note
        try:
            login(request, note.user, note.backend)
        except LoginRefused:
            if state.pending_login_secret:
                raise  # the place has been taken meanwhile: choose again
            # Pressed twice, and it has come about. The cookie of that session is to stay.
            request.session.clear()
            request.session.modified = False
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
            return self._nothing_to_complete()
        notice = Notice(kind=Kind.LOGGED_IN, result=result, redirect_to=note.next_url)
        return self._done(notice)

    def _cancel(self) -> HttpResponse:
        pending_login.cancel_pending_login(self.request, self.note)
        url = login_url(self.request, self.note.next_url)
        return self._done(Notice(kind=Kind.NOT_LOGGED_IN, redirect_to=url))

    def _nothing_to_complete(self) -> HttpResponse:
        request = self.request
        if request.user.is_authenticated:
            url = resolve_url(settings.LOGIN_REDIRECT_URL)
            return self._done(Notice(kind=Kind.LOGGED_IN, redirect_to=url))
        if guard(request.session).key_unknown:
            # Likewise, and the session that this request came with is gone.
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        # Without messages, a redirect could not say it.
        url = resolve_url(settings.LOGIN_URL) if hasattr(request, "_messages") else ""
        return self._done(Notice(kind=Kind.ENDED, reason=Reason.LOGIN_LAPSED, redirect_to=url))

    def _done(self, notice: Notice) -> HttpResponse:
        response = respond(self.request, notice)
        pending_login.delete_cookie(response)
        return response

    def _described(self) -> list[dict[str, Any]]:
        ages = timeouts.limits_for(logout_settings(), self.note.user, self.request)
        return [describe_row(row, ages) for row in self.rows]

    def _ask(self, **context: Any) -> HttpResponse:
        context = {
            "title": _("Choose where to log out"),
            "sessions": self._described(),
            "to_end": self.to_end,
            "account": self.note.user.get_username(),
            "just_now": timezone.now() - timedelta(minutes=1),
            **context,
        }
        return self.render_to_response(self.get_context_data(**context))
