"""Where the link "this was not me" of our mails leads: GET asks, POST logs out everywhere."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from django_logout.decorators import exempt
from django_logout.exceptions import SessionNotEnded
from django_logout.notifications import report
from django_logout.types import LogoutResult
from django_logout.web.finalize import not_ended

#: Names of pages to set a new password on: Django's, allauth's.
PASSWORD_PAGES = ("password_reset", "account_reset_password")


class NotMeView(TemplateView):
    """GET does nothing, since mail scanners follow links. Nobody has to be logged in, and no CSRF
    token is needed: what is signed in the URL is known to whoever got the mail, and to no site.
    """

    template_name = "django_logout/not_me.html"
    http_method_names = ["get", "head", "post", "options"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view, open to everybody and never cached."""
        return exempt(never_cache(super().as_view(**initkwargs)))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """As ever; but no page that is opened from this one is told its URL."""
        try:
            response = super().dispatch(request, *args, **kwargs)
        except SessionNotEnded:
            response = not_ended(request)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def get(self, request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        """Ask, if there is something to do."""
        found = report.read(token)
        if found is None:
            return self._show("unknown", _("This link does not work"), status=404)
        if found.earlier() is not None:
            return self._show("already", _("Already done"))
        return self._show("ask", _("Was this not you?"), account=found.user.get_username())

    def post(self, request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        """Log out everywhere, once."""
        found = report.read(token)
        result = found.act(request) if found is not None else None
        if result is None:
            return self.get(request, token)
        return self._show("ended", _("Logged out everywhere"), result=result)

    def _show(
        self,
        state: str,
        title: str,
        *,
        status: int = 200,
        account: str = "",
        result: LogoutResult | None = None,
    ) -> HttpResponse:
        context = self.get_context_data(
            state=state,
            title=title,
            account=account,
            complete=result is None or result.complete,
            login_url=resolve_url(settings.LOGIN_URL),
            password_url=_password_url(),
        )
        return self.render_to_response(context, status=status)


def _password_url() -> str:
    for name in PASSWORD_PAGES:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""
