"""The admin: a logout for every user, actions that end sessions, and pages to read the records."""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.constants import LOOKUP_SEP
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_logout.decorators import exempt
from django_logout.enums import Reason
from django_logout.exceptions import SessionNotEnded
from django_logout.guard.presented import presented_ids
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.sessions import registry
from django_logout.types import Target
from django_logout.utils.lazy import lazy_import

# Every process imports this module at start. What ends sessions is imported by the first ending.
end_sessions = lazy_import("ending.pipeline.end_sessions")
describe_result = lazy_import("responses.messages.describe_result")
spoken = lazy_import("sessions.devices.spoken")
logout_view = lazy_import("web.views.logout.AdminLogoutView", lambda view: view.as_view)

#: Maximum number of rows that the confirmation page names.
SHOWN = 20
#: Fields of a session that are neither shown nor searched.
SECRET = frozenset({"session_key", "rotated_from"})


class LogoutAdminSiteMixin(admin.AdminSite):
    """Let every logged in user log out of the admin. To be placed before ``AdminSite``.

    Django's own logout sends users without access to the admin to its index, still logged in.
    """

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Wrap a view as Django does, except for the logout, which needs no permission."""
        return view if view == self.logout else super().admin_view(view, cacheable)

    @exempt
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Log out by ``LogoutView``."""
        context = {**self.each_context(request), "has_permission": False, **(extra_context or {})}
        request.current_app = self.name
        view = logout_view(extra_context=context, template_name=self.logout_template)
        response: HttpResponse = view(request)
        return response


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Show rows that only logins and endings may write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Deny it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deny it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deny it on the pages of this model.

        Django also asks when an admin deletes a user, whose rows are deleted too. There, the
        permission to delete the user decides.
        """
        match = request.resolver_match
        own = f"{self.opts.app_label}_{self.opts.model_name}_"
        name = (match and match.url_name) or ""
        return name.endswith(("_delete", "_changelist")) and not name.startswith(own)


class EndSessionsMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Share permission, confirmation page and message between the actions that end sessions."""

    def has_end_sessions_permission(self, request: HttpRequest) -> bool:
        """Require ``end_loginsession``; sessions of staff require ``end_staff_sessions`` too."""
        return bool(request.user.has_perm("django_logout.end_loginsession"))

    def _end(
        self, request: HttpRequest, action: str, chosen: QuerySet[Any], owners: QuerySet[Any]
    ) -> HttpResponse | None:
        """Ask for confirmation, or end the chosen sessions or those of the chosen users."""
        barred = _barred(request, owners)
        if barred:
            field = "user" if chosen.model is LoginSession else "pk"
            chosen = chosen.exclude(**{f"{field}__in": barred})
        level = messages.WARNING
        if not chosen.exists():
            sentence = gettext("There are no sessions in your selection that you can end.")
        elif "confirmed" not in request.POST:
            return self._confirm(request, action, chosen, owners.filter(pk__in=barred))
        else:
            try:
                result = end_sessions(
                    _target(chosen), reason=Reason.ADMIN, actor=request.user, request=request
                )
            except SessionNotEnded:
                sentence = gettext(
                    "Not all sessions could be ended, and some may still be active. "
                    "Please try again."
                )
                self.message_user(request, sentence, messages.ERROR)
                return None
            sentence = describe_result(result)
            level = messages.SUCCESS if result.complete and not barred else level
        if barred:
            left = gettext(
                "Staff members whose sessions you don't have permission to end: %(number)d."
            )
            sentence = f"{sentence} {left % {'number': len(barred)}}"
        self.message_user(request, sentence, level)
        return None

    def _confirm(
        self, request: HttpRequest, action: str, chosen: QuerySet[Any], barred: QuerySet[Any]
    ) -> HttpResponse:
        across = request.POST.get("select_across") == "1"
        own = presented_ids(request) if chosen.model is LoginSession else [request.user.pk]
        context = {
            **self.admin_site.each_context(request),
            "title": getattr(self, action).short_description,
            "opts": self.opts,
            "action": action,
            "across": across,
            # If the selection covers all pages, the admin needs a single key.
            "keys": list(chosen.values_list("pk", flat=True)[: 1 if across else None]),
            "number": chosen.count(),
            "shown": [_label(row) for row in chosen[:SHOWN]],
            "barred": [str(user) for user in barred[:SHOWN]],
            "own": chosen.filter(pk__in=own).exists(),
        }
        return TemplateResponse(request, "django_logout/admin_end_sessions.html", context)


class UserAdminMixin(EndSessionsMixin):
    """Add the action "Log out everywhere". To be placed before ``UserAdmin``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.actions is not None and "log_out_everywhere" not in self.actions:
            self.actions = [*self.actions, "log_out_everywhere"]

    @admin.action(permissions=["end_sessions"], description=_("Log out everywhere"))
    def log_out_everywhere(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """End all sessions of the selected users."""
        # A replica may not know yet who is staff.
        users = queryset.using(registry.database())
        return self._end(request, "log_out_everywhere", users, users)


class LogoutEventAdmin(ReadOnlyAdmin):
    """Show what has ended: when, of which user, why, by which actor, and how each part went."""

    list_display = (
        "created_at",
        "user_label",
        "reason",
        "scope",
        "actor_label",
        "sessions",
        "complete",
    )
    list_filter = ("complete", "reason", "scope", "created_at")
    search_fields = ("user_label", "actor_label", "=ip_address")
    fields = (*list_display, "user", "actor", "ip_address", "user_agent", "outcomes")


class EndedFilter(admin.EmptyFieldListFilter):
    """Filter by whether a session has ended, by itself or by a cutoff for all users."""

    def get_lookup_condition(self) -> Q:
        """Return the condition for active sessions."""
        return Q(over_at__isnull=True)


class LoginSessionAdmin(EndSessionsMixin, ReadOnlyAdmin):
    """Show who is logged in, since when, and with which device. Keys are never shown."""

    list_display = (
        "created_at",
        "user",
        "device_name",
        "ip_address",
        "last_seen_at",
        "expires_at",
        "over_at",
        "event",
    )
    list_filter = (("ended_at", EndedFilter), "created_at")
    list_select_related = ("user", "event")
    fields = (*list_display, "authenticated_at", "kind", "backend", "user_agent", "replays", "id")
    actions = ("end_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Annotate when each session ended. A cutoff for all users changes no session row."""
        later = Cutoff.objects.filter(user=None, pk__gt=OuterRef("newest_cutoff"))
        first = Subquery(later.order_by("pk").values("before")[:1])
        rows = super().get_queryset(request).annotate(over_at=Coalesce("ended_at", first))
        return cast("QuerySet[Any]", rows)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search by the user model's own name field."""
        return (f"user__{get_user_model().USERNAME_FIELD}", "device", "=ip_address")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Refuse lookups by key: counting the keys that begin with "a" reveals them by letters."""
        secret = SECRET.intersection(lookup.split(LOOKUP_SEP))
        return not secret and super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("device"), ordering="device")
    def device_name(self, row: LoginSession) -> str:
        """Return the device in the language of the admin."""
        name: str = spoken(row.device)
        return name

    @admin.display(description=_("ended"), ordering="over_at")
    def over_at(self, row: Any) -> datetime | None:
        """Return when the session ended, by itself or by a cutoff for all users."""
        return cast("datetime | None", row.over_at)

    @admin.action(permissions=["end_sessions"], description=_("End selected sessions"))
    def end_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """End the selected sessions that are active."""
        active = registry.only_active(queryset.using(registry.database()))
        owners = registry.users().filter(pk__in=active.order_by().values("user"))
        return self._end(request, "end_chosen", active, owners)


def _barred(request: HttpRequest, owners: QuerySet[Any]) -> list[Any]:
    """Return the staff among the owners whose sessions the user of the request may not end.

    Each user is asked, since user models may compute ``is_staff`` in Python.
    """
    if request.user.has_perm("django_logout.end_staff_sessions"):
        return []
    return [
        user.pk
        for user in owners.exclude(pk=request.user.pk).order_by()
        if getattr(user, "is_staff", False) or getattr(user, "is_superuser", False)
    ]


def _target(chosen: QuerySet[Any]) -> Target:
    if chosen.model is LoginSession:
        return Target.sessions(chosen.select_related(None))
    users = list(chosen[:2])
    # Only the event of a single user names the user.
    return Target.user(users[0]) if len(users) == 1 else Target.users(chosen)


def _label(row: Any) -> str:
    if isinstance(row, LoginSession):
        return ", ".join(filter(None, (str(row.user), spoken(row.device), row.ip_address)))
    return str(row)


def register_models() -> None:
    """Register both models with the default admin site.

    This is done when the apps are ready, not on import: the default site may be a class of the
    project that imports the mixin from this module.
    """
    for model, model_admin in ((LogoutEvent, LogoutEventAdmin), (LoginSession, LoginSessionAdmin)):
        if not admin.site.is_registered(model):
            admin.site.register(model, model_admin)
