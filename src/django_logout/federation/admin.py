"""Show in the admin through which providers a session was logged in."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from django_logout.admin import LoginSessionAdmin
from django_logout.federation.models import ProviderLink


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


def extend_session_admin() -> None:
    """Add the links to the page of a session, once."""
    if ProviderLinkInline not in LoginSessionAdmin.inlines:
        LoginSessionAdmin.inlines = (*LoginSessionAdmin.inlines, ProviderLinkInline)
