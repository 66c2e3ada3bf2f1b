"""The logout view: a drop-in for ``django.contrib.auth.views.LogoutView``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.conf import settings
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from django_logout.decorators import exempt
from django_logout.ending.logout import alogout, logout
from django_logout.responses.base import Kind, Notice, respond
from django_logout.utils.redirects import safe_next
from django_logout.web.csrf import CSRF_FAILED, csrf_protect, ensure_post_parsed
from django_logout.web.reauthentication import reauthentication_response

OURS = "django_logout/logged_out.html"
THEIRS = "registration/logged_out.html"
#: With a context: the admin says the same in words of its own.
TITLE = pgettext_lazy("django_logout", "Log out")


class LogoutView(auth_views.LogoutView):
    """POST logs out; GET asks first, on a page with the form; both are calm about repetition.

    Takes the attributes of Django's view: ``next_page``, ``redirect_field_name``,
    ``template_name``, ``extra_context``, ``success_url_allowed_hosts``,
    ``http_method_names``. ``question_template_name`` is the page that GET shows. With
    ``everywhere`` all the user's sessions end; without it, a tick box on that page decides.
    """

    http_method_names = ["get", "head", "post", "options"]
    template_name = OURS
    question_template_name = "django_logout/logout.html"
    everywhere = False

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view: open to everybody, never in a transaction that could take the logout back,
        with a CSRF check of its own instead of the middleware's."""
        return exempt(never_cache(csrf_protect(super().as_view(**initkwargs))))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Past the decorators of Django's own view, which answer a stale token with a 403."""
        return TemplateView.dispatch(self, request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; or say that nobody is logged in."""
        user = getattr(request, "user", None)
        return self._question() if getattr(user, "is_authenticated", False) else self._goodbye()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Log out."""
        if hasattr(request, CSRF_FAILED):
            return self.csrf_failed_response()
        ensure_post_parsed(request)
        if refusal := self._require_recent_login():
            return refusal
        return self._answer(logout(request, everywhere=self._is_for_all()))

    def _is_for_all(self) -> bool:
        return self.everywhere or bool(self.request.POST.get("everywhere"))

    def _require_recent_login(self) -> HttpResponse | None:
        """Whoever may not end all sessions now is not told that all have ended."""
        return (
            reauthentication_response(self.request, self._question) if self._is_for_all() else None
        )

    def _answer(self, result: Any) -> HttpResponse:
        target = self.get_success_url()
        here = target == self.request.get_full_path()
        return respond(
            self.request,
            Notice(
                kind=Kind.LOGGED_OUT,
                result=result,
                redirect_to="" if here else target,
                page=partial(self._goodbye, everywhere=self._is_for_all()),
            ),
        )

    def csrf_failed_response(self) -> HttpResponse:
        """Ask again, with a fresh token: nothing proves that it was the user who asked."""
        ensure_post_parsed(self.request)
        return respond(self.request, Notice(kind=Kind.CSRF_FAILED, page=self._question))

    def _question(self) -> HttpResponse:
        context = {**self.get_context_data(), "title": TITLE, "no_choice": False}
        context |= self.extra_context or {}
        context |= {"next": self.get_redirect_url(), "next_field": self.redirect_field_name}
        context["everywhere"] = self.everywhere
        return self.response_class(
            request=self.request, template=[self.question_template_name], context=context
        )

    def _goodbye(self, *, everywhere: bool = False) -> HttpResponse:
        return self.render_to_response(self.get_context_data(everywhere=everywhere))

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """405 with an Allow header, and a page instead of a blank."""
        response = respond(request, Notice(kind=Kind.NOT_ALLOWED, page=self._question))
        response["Allow"] = ", ".join(self._allowed_methods())  # type: ignore[attr-defined]
        return response

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """Where the user asked to go, if that is safe; a refused target is logged."""
        request = request or self.request
        field = self.redirect_field_name
        candidate = request.POST.get(field, request.GET.get(field))
        return safe_next(request, candidate, self.get_success_url_allowed_hosts())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The context of Django's view, and where to log in again."""
        return super().get_context_data(**{"login_url": resolve_url(settings.LOGIN_URL), **kwargs})

    def get_template_names(self) -> list[str]:
        """``template_name``; without one of the project's own, ours, and never the admin's."""
        if self.template_name != OURS:
            return super().get_template_names()
        return [THEIRS, OURS] if _is_projects_own(THEIRS) else [OURS]


class AsyncLogoutView(LogoutView):
    """The same under ASGI, without leaving the event loop but for the ending itself."""

    async def get(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Ask; or say that nobody is logged in."""
        user = await request.auser()
        return await self._show(self._question if user.is_authenticated else self._goodbye)

    async def post(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Log out."""
        if hasattr(request, CSRF_FAILED):
            return await self._show(self.csrf_failed_response)
        ensure_post_parsed(request)
        everywhere = self._is_for_all()
        if everywhere and (refusal := await sync_to_async(self._require_recent_login)()):
            return refusal
        result = await alogout(request, everywhere=everywhere)
        return await self._show(partial(self._answer, result))

    def http_method_not_allowed(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> Coroutine[Any, Any, HttpResponse]:
        """405, to be awaited like the other methods."""
        return self._show(partial(super().http_method_not_allowed, request, *args, **kwargs))

    async def _show(self, build: Callable[[], HttpResponse]) -> HttpResponse:
        # The context of Django's view names the site: with the sites framework that is a query.
        if apps.is_installed("django.contrib.sites"):
            return await sync_to_async(build)()
        return build()


class AdminLogoutView(LogoutView):
    """Show the pages of the admin, whose templates are installed with it."""

    question_template_name = "django_logout/admin_logout.html"

    def get_template_names(self) -> list[str]:
        """Return the admin's goodbye page, or the ``logout_template`` of the admin site."""
        return [self.template_name or THEIRS]


@exempt
def logout_then_login(request: HttpRequest, login_url: str | None = None) -> HttpResponse:
    """Log out, then go to the login page."""
    target = resolve_url(login_url or settings.LOGIN_URL)
    response: HttpResponse = LogoutView.as_view(next_page=target)(request)
    return response


def _is_projects_own(template_name: str) -> bool:
    try:
        template = get_template(template_name)
    except TemplateDoesNotExist:
        return False
    origin = str(getattr(getattr(template, "origin", None), "name", "")).replace("\\", "/")
    return "/django/contrib/admin/" not in origin
