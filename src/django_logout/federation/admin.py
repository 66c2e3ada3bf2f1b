"""Show in the admin through which providers a session was logged in, and register the applications
that are told of logouts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from django_logout.admin import LoginSessionAdmin
from django_logout.federation import libraries
from django_logout.federation.models import LogoutClient, ProviderLink


class ProviderLinkInline(admin.TabularInline):  # type: ignore[type-arg]
    """The links of a session. The name of the session at the provider is a secret, and not shown."""

    model = ProviderLink
    fields = readonly_fields = ("provider", "subject", "linked_at")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only logins write them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only logins write them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They go with their session."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show them to whom the session is shown."""
        return True


class LogoutClientAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Register the applications that are told of logouts, beside those in the settings."""

    list_display = ("client_id", "backchannel_logout_uri", "session_required", "is_active")
    list_filter = ("is_active",)
    search_fields = ("client_id", "backchannel_logout_uri")


def extend_admin() -> None:
    """Add the links to the page of a session, and the applications if the site has any. Once."""
    if ProviderLinkInline not in LoginSessionAdmin.inlines:
        LoginSessionAdmin.inlines = (*LoginSessionAdmin.inlines, ProviderLinkInline)
    if libraries.installed() and not admin.site.is_registered(LogoutClient):
        admin.site.register(LogoutClient, LogoutClientAdmin)
