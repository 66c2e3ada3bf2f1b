"""Show in the admin through which providers a session was logged in, and register the applications
that hear of logouts."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from django_logout.admin import LoginSessionAdmin, LogoutEventAdmin
from django_logout.federation import libraries
from django_logout.federation.models import Delivery, LogoutClient, ProviderLink


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows that are shown with the row they belong to, and that only this package writes."""

    extra = 0
    #: The attribute of the row they belong to.
    rows_of: str

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deny it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deny it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They go with the row that they belong to."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show them to whom that row is shown, if there are any."""
        return obj is None or bool(getattr(obj, self.rows_of).exists())


class ProviderLinkInline(ReadOnlyInline):
    """The links of a session. The name of the session at the provider is a secret, and not shown."""

    model = ProviderLink
    rows_of = "provider_links"
    fields = readonly_fields = ("provider", "subject", "linked_at")


#: How many deliveries the page of an event shows. An ending for everyone may have any number.
MOST_DELIVERIES = 100


class DeliveryInline(ReadOnlyInline):
    """The applications that have to hear of an ending: when they are tried again, and which have."""

    model = Delivery
    rows_of = "deliveries"
    fields = readonly_fields = (
        "client_id",
        "state",
        "tries",
        "last_status",
        "last_error",
        "due_at",
        "settled_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Return the first deliveries of the event, those that have not been heard before others."""
        rows: QuerySet[Delivery] = super().get_queryset(request)
        match: Any = request.resolver_match
        event_id: Any = unquote(match.kwargs["object_id"])
        of_event = rows.filter(event=event_id).values_list("pk", flat=True)
        is_heard = Q(state=Delivery.State.HEARD)
        shown = [*of_event.exclude(is_heard)[:MOST_DELIVERIES]]
        shown += of_event.filter(is_heard)[: MOST_DELIVERIES - len(shown)]
        return rows.filter(pk__in=shown)


class LogoutClientAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Register the applications that hear of logouts, beside those in the settings."""

    list_display = ("client_id", "backchannel_logout_uri", "session_required", "is_active")
    list_filter = ("is_active",)
    search_fields = ("client_id", "backchannel_logout_uri")

    class Media:
        css = {"all": ("django_logout/admin.css",)}


def extend_admin() -> None:
    """Add the links to the page of a session; if this site is a provider, the deliveries to that of
    an event, and the page of applications. Once."""
    if ProviderLinkInline not in LoginSessionAdmin.inlines:
        LoginSessionAdmin.inlines = (*LoginSessionAdmin.inlines, ProviderLinkInline)
    if libraries.installed() and not admin.site.is_registered(LogoutClient):
        LogoutEventAdmin.inlines = (*LogoutEventAdmin.inlines, DeliveryInline)
        admin.site.register(LogoutClient, LogoutClientAdmin)
