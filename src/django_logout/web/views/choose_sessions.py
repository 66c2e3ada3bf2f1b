"""Let a user at the session limit choose which sessions end, and then complete the login."""

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.generic import View

from django_logout.conf import logout_settings
from django_logout.ending.pipeline import end_sessions
from django_logout.enums import Reason
from django_logout.exceptions import LoginRefused
from django_logout.guard.install import state_of
from django_logout.guard.presented import is_logged_in, keep_cookies
from django_logout.policies import pending_login, session_limits
from django_logout.responses.base import Kind, login_url, respond
from django_logout.sessions import timeouts
from django_logout.types import LogoutResult, Target
from django_logout.utils.redirects import resolve_or_log
from django_logout.web.csrf import CSRF_FAILED, ProtectedView, ensure_post_parsed
from django_logout.web.session_rows import RowsOfPage, describe_row
from django_logout.web.views.sessions import SessionsView


class ChooseView(SessionsView):
    """List the sessions on GET. On POST end those that ``session`` names, or ``all``, and log in;
    with ``cancel``, cancel the login.

    No user is logged in until then, and the pending login in the session is of no other use: see
    :mod:`django_logout.policies.pending_login`. ``template_name`` and ``extra_context`` can be set.
    """

    template_name = "django_logout/choose.html"
    http_method_names = ProtectedView.http_method_names

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Require a pending login."""
        pending = pending_login.load_pending_login(request)
        if pending is None:
            return self._nothing_to_complete()
        self.pending, user = pending, pending.user
        self.sessions = session_limits.counted_sessions(user, request)
        self.rows = list(self.sessions.order_by("last_seen_at", "pk"))
        limit = session_limits.max_sessions(user, request)
        limits = timeouts.limits_for(logout_settings(), user, request)
        self.page_rows = RowsOfPage(limits=limits)
        self.data: dict[str, Any] = {
            "sessions": [describe_row(row, limits) for row in self.rows],
            "to_end": 0 if limit is None else max(0, len(self.rows) + 1 - limit),
        }
        return View.dispatch(self, request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """List the sessions."""
        return respond(request, Kind.SHOWN, data=self.data, page=self._page)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the chosen sessions and log in, or cancel the login."""
        if hasattr(request, CSRF_FAILED):
            return respond(request, Kind.CSRF_FAILED, page=partial(self._page, csrf_failed=True))
        ensure_post_parsed(request)
        if "cancel" in request.POST:
            pending_login.cancel_pending_login(request, self.pending)
            url = login_url(request, self.pending.next_url)
            return self._done(Kind.NOT_LOGGED_IN, url)
        names = set(request.POST.getlist("session"))
        chosen = [row.pk for row in self.rows if "all" in request.POST or str(row.pk) in names]
        if len(chosen) < self.data["to_end"]:
            return respond(request, Kind.TOO_FEW, page=partial(self._page, too_few=True))
        result = None
        if chosen:
            why: dict[str, Any] = {"reason": Reason.LIMIT, "actor": self.pending.user}
            target = Target.sessions(self.sessions.filter(pk__in=chosen))
            result = end_sessions(target, request=request, **why)
        return self._log_in(result)

    def _log_in(self, result: LogoutResult | None) -> HttpResponse:
        request, pending = self.request, self.pending
        state = state_of(request)
        state.pending_login = pending
        try:
            login(request, pending.user, pending.backend)
        except LoginRefused:
            if state.pending_login_secret:
                raise  # Another login was faster, and the limit is reached again: choose again.
            # The user has pressed the button twice, and the first request has completed the login.
            # Leave the cookie of that session alone.
            request.session.clear()
            request.session.modified = False
            keep_cookies(request)
            return self._nothing_to_complete()
        return self._done(Kind.LOGGED_IN, pending.next_url, result=result)

    def _nothing_to_complete(self) -> HttpResponse:
        request = self.request
        if is_logged_in(request):
            return self._done(Kind.LOGGED_IN, resolve_or_log(settings.LOGIN_REDIRECT_URL))
        if state_of(request).key_unknown:
            # Again the button was pressed twice: the login has given the session another key.
            keep_cookies(request)
        # Without messages, the target of a redirect could not say what has happened.
        url = resolve_or_log(settings.LOGIN_URL) if hasattr(request, "_messages") else ""
        return self._done(Kind.ENDED, url, reason=Reason.LOGIN_LAPSED)

    def _done(self, kind: Kind, url: str, **details: Any) -> HttpResponse:
        response = respond(self.request, kind, redirect_to=url, **details)
        pending_login.delete_cookie(response)
        return response

    def _page(self, **context: Any) -> HttpResponse:
        context = {
            "title": _("Choose where to log out"),
            **self.data,
            "sessions": [self.page_rows.show(row) for row in self.rows],
            "account": self.pending.user.get_username(),
            **context,
        }
        response = self.render_to_response(self.get_context_data(**context))
        response.own_template = ChooseView.template_name  # type: ignore[attr-defined]
        return response
