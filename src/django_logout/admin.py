"""The admin: a log-out button that serves everybody, and the registry and the record to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

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
from django_logout.guard.presented import presented
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.sessions import registry
from django_logout.types import Target
from django_logout.utils.lazy import lazy_import

if TYPE_CHECKING:
    _Site = admin.AdminSite
    _Admin = admin.ModelAdmin[Any]
else:
    _Site = object
    _Admin = admin.ModelAdmin

# Every process imports this module at start; what ends sessions comes with the first ending.
end_sessions = lazy_import("ending.pipeline.end_sessions")
count = lazy_import("responses.messages.count")
spoken = lazy_import("sessions.devices.spoken")
logout_view = lazy_import("web.views.logout.AdminLogoutView", lambda view: view.as_view)

#: How many of the chosen the question names.
SHOWN = 20
#: Fields of a session that are never shown, and never asked for.
SECRET = frozenset({"session_key", "rotated_from"})


class LogoutAdminSiteMixin(_Site):
    """Put it in front of ``AdminSite``: its logout then works for whoever is logged in.

    Django's own sends users who may not enter the admin to its front page, still logged in.
    """

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """As Django's, but nobody is turned away from logging out."""
        return view if view == self.logout else super().admin_view(view, cacheable)

    @exempt
    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Log out, with everything that ``LogoutView`` does."""
        context = {**self.each_context(request), "has_permission": False, **(extra_context or {})}
        request.current_app = self.name
        view = logout_view(extra_context=context, template_name=self.logout_template)
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


class EndsSessions(_Admin):
    """What both actions share: who may, the question before, and the truth after."""

    def has_end_sessions_permission(self, request: HttpRequest) -> bool:
        """``end_loginsession``; sessions of staff ask for ``end_staff_sessions`` too."""
        return bool(request.user.has_perm("django_logout.end_loginsession"))

    def _end(
        self, request: HttpRequest, action: str, chosen: QuerySet[Any], owners: QuerySet[Any]
    ) -> HttpResponse | None:
        barred = _barred(request, owners)
        field = "user" if chosen.model is LoginSession else "pk"
        chosen = chosen.exclude(**{f"{field}__in": barred}) if barred else chosen
        if not chosen.exists():
            self._tell(request, gettext("There is nothing here that you can end."), barred)
        elif "confirmed" in request.POST:
            self._end_now(request, chosen, barred)
        else:
            return self._ask(request, action, chosen, owners.filter(pk__in=barred))
        return None

    def _end_now(self, request: HttpRequest, chosen: QuerySet[Any], barred: Sequence[Any]) -> None:
        how: dict[str, Any] = {"reason": Reason.ADMIN, "actor": request.user, "request": request}
        try:
            result = end_sessions(_target(chosen), **how)
        except SessionNotEnded:
            sentence = gettext("Not all could be ended, and they may be alive. Try again.")
            self.message_user(request, sentence, messages.ERROR)
            return
        fine = result.complete and not barred
        level = messages.SUCCESS if fine else messages.WARNING
        self._tell(request, count(result), barred, level)

    def _tell(
        self,
        request: HttpRequest,
        sentence: str,
        barred: Sequence[Any],
        level: int = messages.WARNING,
    ) -> None:
        left = gettext("Staff whose sessions you may not end: %(number)d.")
        more = left % {"number": len(barred)} if barred else ""
        self.message_user(request, f"{sentence} {more}".strip(), level)

    def _ask(
        self, request: HttpRequest, action: str, chosen: QuerySet[Any], barred: QuerySet[Any]
    ) -> HttpResponse:
        across = request.POST.get("select_across") == "1"
        context = {
            **self.admin_site.each_context(request),
            "title": getattr(self, action).short_description,
            "opts": self.opts,
            "action": action,
            "across": across,
            # Of a choice that reaches over all pages, the admin wants to see one.
            "keys": list(chosen.values_list("pk", flat=True)[: 1 if across else None]),
            "number": chosen.count(),
            "shown": [_named(row) for row in chosen[:SHOWN]],
            "barred": [str(user) for user in barred[:SHOWN]],
            "own": _reaches_here(request, chosen),
        }
        return TemplateResponse(request, "django_logout/admin_end_sessions.html", context)


class UserAdminMixin(EndsSessions):
    """Put it in front of your ``UserAdmin``: adds the action "Log out everywhere"."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.actions is not None and "log_out_everywhere" not in self.actions:
            self.actions = [*self.actions, "log_out_everywhere"]

    @admin.action(permissions=["end_sessions"], description=_("Log out everywhere"))
    def log_out_everywhere(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """End all sessions of the chosen users."""
        users = queryset.using(registry.database())  # never a replica: who is staff may be news
        return self._end(request, "log_out_everywhere", users, users)


class LogoutEventAdmin(ReadOnly):
    """What has ended: when, whose, why, by whom, and how each part went."""

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
    """Ended or not: those that ended with everyone's have, too."""

    def get_lookup_condition(self) -> Q:
        """What has not."""
        return Q(over_at__isnull=True)


class LoginSessionAdmin(EndsSessions, ReadOnly):
    """Who is logged in, since when and with what. Keys are never shown."""

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
        """With when each was over: what ends everyone's writes no rows of theirs."""
        later = Cutoff.objects.filter(user=None, before__gt=OuterRef("created_at"))
        first = Subquery(later.order_by("before").values("before")[:1])
        rows = super().get_queryset(request).annotate(over_at=Coalesce("ended_at", first))
        return cast("QuerySet[Any]", rows)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """By the user's name, whatever the user model calls it."""
        return (f"user__{get_user_model().USERNAME_FIELD}", "device", "=ip_address")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Not by keys: how many rows begin with "a" tells them letter by letter."""
        secret = SECRET.intersection(lookup.split(LOOKUP_SEP))
        return not secret and super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("device"), ordering="device")
    def device_name(self, row: LoginSession) -> str:
        """In the language of whoever looks."""
        name: str = spoken(row.device)
        return name

    @admin.display(description=_("ended"), ordering="over_at")
    def over_at(self, row: Any) -> datetime | None:
        """When it ended, if only with everyone's."""
        return cast("datetime | None", row.over_at)

    @admin.action(permissions=["end_sessions"], description=_("End the chosen sessions"))
    def end_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """End those of them that are alive."""
        alive = registry.active(queryset.using(registry.database()))
        everybody = get_user_model()._base_manager.using(registry.database())
        owners = everybody.filter(pk__in=alive.order_by().values("user"))
        return self._end(request, "end_chosen", alive, owners)


def _barred(request: HttpRequest, owners: QuerySet[Any]) -> list[Any]:
    """Staff among them whose sessions this user may not end: all but himself, without the
    stronger permission. Asked of each, since user models may work that out in Python."""
    if request.user.has_perm("django_logout.end_staff_sessions"):
        return []
    others = owners.exclude(pk=request.user.pk).order_by()
    return [user.pk for user in others if _is_staff(user)]


def _is_staff(user: Any) -> bool:
    return bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))


def _target(chosen: QuerySet[Any]) -> Target:
    if chosen.model is LoginSession:
        return Target.sessions(chosen.select_related(None))
    users = list(chosen[:2])
    # Of one user, the record says the name.
    return Target.user(users[0]) if len(users) == 1 else Target.users(chosen)


def _named(row: Any) -> str:
    if isinstance(row, LoginSession):
        return ", ".join(filter(None, (str(row.user), spoken(row.device), row.ip_address)))
    return str(row)


def _reaches_here(request: HttpRequest, chosen: QuerySet[Any]) -> bool:
    """Whether whoever asks is about to be logged out."""
    here = presented(request) if chosen.model is LoginSession else [request.user.pk]
    return chosen.filter(pk__in=here).exists()


def register() -> None:
    """Show both on the default site. Called when the apps are ready, and not on import: that
    site may be a class of the project's which imports the mixin from here."""
    for model, model_admin in ((LogoutEvent, LogoutEventAdmin), (LoginSession, LoginSessionAdmin)):
        if not admin.site.is_registered(model):
            admin.site.register(model, model_admin)
