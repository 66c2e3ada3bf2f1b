"""The logout view, a drop-in replacement for ``django.contrib.auth.views.LogoutView``."""

import logging
from collections.abc import Callable, Coroutine
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.apps import apps
from django.conf import settings
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import NoReverseMatch
from django.utils.translation import pgettext_lazy
from django.views.generic import View

from django_logout import hooks
from django_logout.decorators import exempt
from django_logout.ending.logout import alogout, logout
from django_logout.exceptions import LogoutError
from django_logout.guard.impersonation import get_impersonator
from django_logout.guard.presented import cookies_left
from django_logout.hooks import Destination
from django_logout.responses.base import Kind, respond
from django_logout.responses.json import is_json
from django_logout.responses.messages import IMPERSONATED, TOO_MANY_COOKIES
from django_logout.responses.pages import SafePage, log_failure, render_own
from django_logout.types import LogoutResult
from django_logout.utils.redirects import resolve_or_log, safe_next, way_back
from django_logout.web.csrf import CSRF_FAILED, ProtectedView, ensure_post_parsed
from django_logout.web.destinations import destination_details, find_destination
from django_logout.web.goodbye import (
    COOKIE,
    Goodbye,
    forget_goodbye,
    keep_goodbye,
    kept_goodbye,
)
from django_logout.web.reauthentication import reauthentication_response
from django_logout.web.told import find_told

logger = logging.getLogger("django_logout")

#: The goodbye page of this package, and the name under which Django looks for one.
OWN_TEMPLATE = "django_logout/logged_out.html"
OWN_QUESTION = "django_logout/logout.html"
DJANGO_TEMPLATE = "registration/logged_out.html"
#: The message has a context because the admin translates the same words differently.
TITLE = pgettext_lazy("django_logout", "Log out")


def is_of_admin(template: Path) -> bool:
    """Return whether a template belongs to the admin or to a theme for it: to an installed library
    that has templates for the admin as well. A project can be an installed library too."""
    own = settings.ROOT_URLCONF.partition(".")[0]
    is_library = not {"site-packages", "dist-packages"}.isdisjoint(template.parts)
    if "/django/contrib/admin/" in template.as_posix():
        return True
    return is_library and own not in template.parts and (template.parents[1] / "admin").is_dir()


class LogoutView(ProtectedView, auth_views.LogoutView):
    """Log out on POST; ask for confirmation on GET, on a page with the form. Both can be repeated.

    The attributes of Django's view work: ``next_page``, ``redirect_field_name``,
    ``template_name``, ``extra_context``, ``success_url_allowed_hosts``,
    ``http_method_names``. ``question_template_name`` is the page that GET shows. With
    ``everywhere`` all sessions of the user end. Without it, a checkbox on that page decides.
    """

    template_name = OWN_TEMPLATE
    response_class = SafePage
    question_template_name = OWN_QUESTION
    everywhere = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Bypass the decorators of Django's view, which respond to a stale token with a 403."""
        return View.dispatch(self, request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for confirmation, or show the goodbye page if no user is logged in."""
        user = getattr(request, "user", None)
        is_logged_in = getattr(user, "is_authenticated", False)
        return self._question() if is_logged_in else self._goodbye_again()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Log out."""
        if hasattr(request, CSRF_FAILED):
            return self.csrf_failed_response()
        ensure_post_parsed(request)
        everywhere = self._is_everywhere()
        if everywhere and (refusal := reauthentication_response(request, self._question)):
            return refusal
        next_page = cache(self._next_page)  # Not twice: a URL that is refused is logged.
        leaving = find_destination(request, next_page) if hooks.destinations else None
        return self._logged_out(logout(request, everywhere=everywhere), next_page, leaving)

    def _is_everywhere(self) -> bool:
        return self.everywhere or bool(self.request.POST.get("everywhere"))

    def _next_page(self) -> str:
        """Return the URL of the page after this one, or ``""`` for the goodbye page of this view."""
        try:
            target = self.get_success_url()
        except NoReverseMatch:
            logger.exception("The page to show after logging out is in no URLconf.")
            return ""
        return "" if target == self.request.get_full_path() else target

    def _logged_out(
        self, result: LogoutResult, next_page: Callable[[], str], leaving: Destination | None
    ) -> HttpResponse:
        about: dict[str, Any] = {"result": result, "redirect_to": next_page()}
        warning: Any = ""
        unsure = False
        if not result.complete:
            if result.still_logged_in:
                return respond(self.request, Kind.STILL_LOGGED_IN, **about)
            unsure = bool(result.left)
            warning = TOO_MANY_COOKIES if unsure else ""
        if leaving is not None:
            warning = warning or leaving.warning
            about |= destination_details(leaving, about["redirect_to"])
        event_id = None if result.event is None else result.event.pk
        goodbye = Goodbye(
            everywhere=self._is_everywhere(),
            unsure=unsure,
            warning=warning,
            event_id=event_id,
        )
        page = partial(self._goodbye, **goodbye)
        response = respond(self.request, Kind.LOGGED_OUT, page=page, **about)
        # A script opens that page itself.
        is_more = warning or (event_id and (goodbye["everywhere"] or hooks.told))
        if is_more and not about["redirect_to"] and is_json(response):
            keep_goodbye(self.request, response, goodbye)
        elif COOKIE in self.request.COOKIES:
            forget_goodbye(self.request, response)  # That of an earlier logout.
        if leaving is not None:
            leaving.keep(self.request, response)
        return response

    def csrf_failed_response(self) -> HttpResponse:
        """Ask for confirmation, with a fresh token: the request may come from another site."""
        ensure_post_parsed(self.request)
        return respond(self.request, Kind.CSRF_FAILED, page=self._question)

    def _question(self) -> HttpResponse:
        impersonated = get_impersonator(self.request) is not None
        own: dict[str, Any] = {"title": TITLE, "no_choice": impersonated}
        own["impersonated"] = IMPERSONATED if impersonated and self._is_everywhere() else ""
        later: dict[str, Any] = {
            "next": self.get_redirect_url(),
            "next_field": self.redirect_field_name,
            "everywhere": self.everywhere,
            "cancel_url": way_back(self.request),
        }
        if sites := [name for ask in hooks.questions if (name := ask(self.request))]:
            later["provider"] = sites[0]

        def build() -> HttpResponse:
            context = {**self.get_context_data(), **own, **(self.extra_context or {}), **later}
            names = [self.question_template_name]
            return self.response_class(request=self.request, template=names, context=context)

        return self._in_any_case(OWN_QUESTION, build, {**own, **later})

    def _goodbye(
        self,
        *,
        everywhere: bool = False,
        unsure: bool = False,
        warning: Any = "",
        event_id: UUID | None = None,
    ) -> HttpResponse:
        told = find_told([event_id]).get(event_id, []) if event_id and hooks.told else []
        own = {"everywhere": everywhere, "unsure": unsure, "warning": warning, "told": told}
        build = partial(self._render, own)
        return self._in_any_case(OWN_TEMPLATE, build, own)

    def _goodbye_again(self) -> HttpResponse:
        goodbye = kept_goodbye(self.request)
        if cookies_left(self.request):  # Also when the page is reloaded, and nothing is kept.
            goodbye["unsure"], goodbye["warning"] = True, goodbye["warning"] or TOO_MANY_COOKIES
        response = self._goodbye(**goodbye)
        forget_goodbye(self.request, response)
        return response

    def _render(self, context: dict[str, Any]) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**context))

    def _in_any_case(
        self, name: str, build: Callable[[], HttpResponse], context: dict[str, Any]
    ) -> HttpResponse:
        """Return the page of the project, or that of this package if it cannot be made."""
        try:
            response = build()
        except LogoutError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the project's code raises
            log_failure(name, error)
            return HttpResponse(render_own(name, context, self.request))
        response.own_template = name  # type: ignore[attr-defined]
        return response

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Return a 405 with an Allow header, and a page instead of an empty body."""
        response = respond(request, Kind.NOT_ALLOWED, page=self._question)
        response["Allow"] = ", ".join(self._allowed_methods())  # type: ignore[attr-defined]
        return response

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """Return the URL that the client asks for, if it is safe. A refused URL is logged."""
        request = request or self.request
        field = self.redirect_field_name
        candidate = request.POST.get(field, request.GET.get(field))
        if not candidate:
            return ""
        return safe_next(request, candidate, self.get_success_url_allowed_hosts())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the context of Django's view, and the URL of the login page."""
        return super().get_context_data(
            **{"login_url": resolve_or_log(settings.LOGIN_URL), **kwargs}
        )

    def get_template_names(self) -> list[str]:
        """Return ``template_name``, or else Django's name if the project has such a template, or
        else the template of this package. The templates of the admin and of its themes have
        Django's name too, and are never used."""
        if self.template_name != OWN_TEMPLATE:
            return super().get_template_names()
        try:
            template = get_template(DJANGO_TEMPLATE)
        except TemplateDoesNotExist:
            return [OWN_TEMPLATE]
        origin = Path(getattr(getattr(template, "origin", None), "name", ""))
        return [OWN_TEMPLATE] if is_of_admin(origin) else [DJANGO_TEMPLATE, OWN_TEMPLATE]


class AsyncLogoutView(LogoutView):
    """The view for ASGI. It stays in the event loop, except to end the sessions."""

    async def get(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Ask for confirmation, or show the goodbye page if no user is logged in."""
        user = await request.auser()
        return await self._show(self._question if user.is_authenticated else self._goodbye_again)

    async def post(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Log out."""
        if hasattr(request, CSRF_FAILED):
            return await self._show(self.csrf_failed_response)
        ensure_post_parsed(request)
        everywhere, ask = self._is_everywhere(), sync_to_async(reauthentication_response)
        if everywhere and (refusal := await ask(request, self._question)):
            return refusal
        next_page, leaving = cache(self._next_page), None
        if hooks.destinations:
            leaving = await sync_to_async(find_destination)(request, next_page)
        result = await alogout(request, everywhere=everywhere)
        return await self._show(partial(self._logged_out, result, next_page, leaving))

    def http_method_not_allowed(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> Coroutine[Any, Any, HttpResponse]:
        """Return a 405 as an awaitable, like the other methods."""
        return self._show(partial(super().http_method_not_allowed, request, *args, **kwargs))

    async def _show(self, build: Callable[[], HttpResponse]) -> HttpResponse:
        # Django's view puts the site into the context, which is a query with the sites framework.
        # So may be what other apps want to ask, and whether what was kept is still true.
        needs_database = COOKIE in self.request.COOKIES or hooks.questions or hooks.told
        if needs_database or apps.is_installed("django.contrib.sites"):
            return await sync_to_async(build)()
        return build()


class AdminLogoutView(LogoutView):
    """Show the pages of the admin, whose templates are installed with it."""

    question_template_name = "django_logout/admin_logout.html"

    def get_template_names(self) -> list[str]:
        """Return the admin's goodbye page, or the ``logout_template`` of the admin site."""
        return [self.template_name or DJANGO_TEMPLATE]


@exempt
def logout_then_login(request: HttpRequest, login_url: str | None = None) -> HttpResponse:
    """Log out, then go to the login page."""
    target = resolve_or_log(login_url or settings.LOGIN_URL)
    response: HttpResponse = LogoutView.as_view(next_page=target)(request)
    return response
