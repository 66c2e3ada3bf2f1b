"""The page of the link "this was not me" in our mails: GET asks, POST logs out everywhere."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from django_logout.decorators import exempt
from django_logout.exceptions import SessionNotEnded
from django_logout.notifications import report
from django_logout.utils.redirects import home_url, resolve_or_log, reverse_here
from django_logout.web.finalize import not_ended_response

#: View names of pages to set a new password on: Django's and allauth's.
PASSWORD_PAGES = ("password_reset", "account_reset_password")


class NotMeView(TemplateView):
    """Log the user of a link out everywhere.

    GET changes nothing, since mail scanners follow links. The view needs neither a login nor a CSRF
    token: only the recipient of the mail knows the signed URL, and no other site does.
    """

    template_name = "django_logout/not_me.html"
    http_method_names = ["get", "head", "post", "options"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, exempt from login and CSRF protection, and never cached."""
        return exempt(never_cache(super().as_view(**initkwargs)))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Keep the URL, which is a secret, out of the ``Referer`` of other pages."""
        try:
            response = super().dispatch(request, *args, **kwargs)
        except SessionNotEnded:
            response = not_ended_response(request)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def get(self, request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        """Ask for confirmation, if the link is valid and unused."""
        found = report.load_report(token)
        if found is None:
            return self._show("unknown", _("This link is not valid"), status=404)
        if found.handled_by() is not None:
            return self._show("already", _("Already done"))
        return self._show("ask", _("Was this you?"), account=found.user.get_username())

    def post(self, request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        """Log out everywhere, once."""
        found = report.load_report(token)
        result = found.log_out_everywhere(request) if found is not None else None
        if result is None:
            return self.get(request, token)
        title = _("Logged out everywhere")
        return self._show("ended", title, complete=result.complete)

    def _show(self, state: str, title: str, *, status: int = 200, **context: Any) -> HttpResponse:
        password_urls = (reverse_here(None, name) for name in PASSWORD_PAGES)
        context = self.get_context_data(
            state=state,
            title=title,
            home_url=home_url(),
            login_url=resolve_or_log(settings.LOGIN_URL),
            password_url=next(filter(None, password_urls), ""),
            **context,
        )
        return self.render_to_response(context, status=status)
