"""The admin: a log-out button that serves everybody, and the registry and the record to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from django_logout.models import LoginSession, LogoutEvent
from django_logout.views.logout import THEIRS, LogoutView, open_to_all

if TYPE_CHECKING:
    _Site = admin.AdminSite
    _Admin = admin.ModelAdmin[Any]
else:
    _Site = object
    _Admin = admin.ModelAdmin


class AdminLogoutView(LogoutView):
    """In the admin's look; here its templates are there."""

    question_template_name = "django_logout/admin_logout.html"

    def get_template_names(self) -> list[str]:
        """The admin's goodbye page, or the site's ``logout_template``."""
        return [self.template_name]


class LogoutAdminSiteMixin(_Site):
    """Put it in front of ``AdminSite``: its logout then works for whoever is logged in.

    Django's own sends users who may not enter the admin to its front page, still logged in.
    """

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """As Django's, but nobody is turned away from logging out."""
        return view if view == self.logout else super().admin_view(view, cacheable)

    @open_to_all
    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Log out, with everything that ``LogoutView`` does."""
        context = {**self.each_context(request), "has_permission": False, **(extra_context or {})}
        request.current_app = self.name
        view = AdminLogoutView.as_view(
            extra_context=context, template_name=self.logout_template or THEIRS
        )
        response: HttpResponse = view(request)
        return response


class ReadOnly(_Admin):
    """To be looked at: sessions begin at the login page, and end through the door."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not here. Django asks when a user is deleted too, whose sessions go as well: that is
        for whoever may delete the user."""
        match = request.resolver_match
        own = f"{self.opts.app_label}_{self.opts.model_name}_"
        name = (match and match.url_name) or ""
        return name.endswith(("_delete", "_changelist")) and not name.startswith(own)


class LogoutEventAdmin(ReadOnly):
    """What has ended: when, whose, why, by whom, and how each part went."""

    list_display = ("created_at", "user_label", "reason", "scope", "sessions", "complete")
    list_filter = ("complete", "reason", "scope", "created_at")
    search_fields = ("user_label", "actor_label")
    fields = (*list_display, "user", "actor_label", "actor", "outcomes")


class LoginSessionAdmin(ReadOnly):
    """Who is logged in, and since when. Keys are never shown."""

    list_display = ("created_at", "user", "expires_at", "ended_at", "event")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user", "event")
    fields = (*list_display, "id")


def register() -> None:
    """Show both on the default site. Called when the apps are ready, and not on import: that
    site may be a class of the project's which imports the mixin from here."""
    for model, model_admin in ((LogoutEvent, LogoutEventAdmin), (LoginSession, LoginSessionAdmin)):
        if not admin.site.is_registered(model):
            admin.site.register(model, model_admin)
