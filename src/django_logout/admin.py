"""The admin: a logout for every user, actions that end sessions, and pages to read the records."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.constants import LOOKUP_SEP
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_logout.conf import as_timedelta, logout_settings
from django_logout.decorators import exempt
from django_logout.enums import Reason, Scope
from django_logout.exceptions import SessionNotEnded
from django_logout.guard.presented import presented_ids
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.sessions import registry
from django_logout.types import Target
from django_logout.utils.lazy import lazy_import

# Every process imports this module at start. What ends sessions is imported by the first ending.
end_sessions = lazy_import("ending.pipeline.end_sessions")
describe_result = lazy_import("responses.messages.describe_result")
endings_chart = lazy_import("web.endings_chart.endings_chart")
active_sessions = lazy_import("policies.session_limits.active_sessions")
reason_label = lazy_import("labels.reason_label")
scope_label = lazy_import("labels.scope_label")
kind_label = lazy_import("labels.kind_label")
device_label = lazy_import("labels.device_label")
isolate = lazy_import("labels.isolate")
device_name = lazy_import("sessions.devices.device_name")
shown_address = lazy_import("sessions.devices.shown_address")
kind_titles = lazy_import("revokers.runner.titles")
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

    class Media:
        css = {"all": ("django_logout/admin.css",)}

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

    @admin.display(description=_("IP address"), ordering="ip_address")
    def address(self, row: Any) -> Any:
        """Return the address, or the network of one that is stored truncated."""
        shown = shown_address(row.ip_address)
        # Its parts stay in order where the language reads from right to left.
        return (
            format_html('<bdi dir="ltr">{}</bdi>', shown)
            if shown
            else self.get_empty_value_display()
        )


class EndSessionsMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Share permission, confirmation page and message between the actions that end sessions."""

    def has_end_sessions_permission(self, request: HttpRequest) -> bool:
        """Require ``end_loginsession``; sessions of staff require ``end_staff_sessions`` too."""
        return bool(request.user.has_perm("django_logout.end_loginsession"))

    def _end(
        self,
        request: HttpRequest,
        action: str,
        chosen: QuerySet[Any],
        owners: QuerySet[Any],
        cancel_url: str = "",
    ) -> HttpResponse | None:
        """Ask for confirmation, or end the chosen sessions or those of the chosen users.

        ``cancel_url`` is where "Cancel" leads, if not to the list with its filters.
        """
        barred = _barred(request, owners)
        if barred:
            field = "user" if chosen.model is LoginSession else "pk"
            chosen = chosen.exclude(**{f"{field}__in": barred})
        level = messages.WARNING
        if not chosen.exists():
            sentence = gettext("There are no sessions in your selection that you can end.")
        elif "confirmed" not in request.POST:
            question = self._confirm(request, action, chosen, owners.filter(pk__in=barred))
            question["cancel_url"] = cancel_url or request.get_full_path()
            return TemplateResponse(request, "django_logout/admin_end_sessions.html", question)
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
    ) -> dict[str, Any]:
        """Return the context of the page that asks."""
        across = request.POST.get("select_across") == "1"
        own = presented_ids(request) if chosen.model is LoginSession else [request.user.pk]
        return {
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


class UserAdminMixin(EndSessionsMixin):
    """Add "Log out everywhere" to the list of users and to the page of each. To be placed before
    ``UserAdmin``; :func:`extend_user_admin` adds it to one that is registered already."""

    class Media:
        css = {"all": ("django_logout/admin.css",)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.actions is not None and "log_out_everywhere" not in self.actions:
            self.actions = [*self.actions, "log_out_everywhere"]

    def get_urls(self) -> list[Any]:
        """Add the page that asks before one user is logged out."""
        view = self.admin_site.admin_view(self.log_out_user)
        return [path("<path:object_id>/log-out/", view, name=self._url_name), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the user's sessions, below everything else, for those who may see or end them."""
        sees = request.user.has_perm("django_logout.view_loginsession")
        fields = ["active_sessions_link"] if sees else []
        if self.has_end_sessions_permission(request):
            fields = [*(fields or ["active_sessions"]), "log_out_link"]
        found = super().get_fieldsets(request, obj)
        if obj is None or not fields:
            return found
        return [*found, (pgettext("django_logout", "Sessions"), {"fields": fields})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the fields of :meth:`get_fieldsets`."""
        own = ("active_sessions", "active_sessions_link", "log_out_link")
        return [*super().get_readonly_fields(request, obj), *own]

    @admin.display(description=_("Active sessions"))
    def active_sessions(self, user: Any) -> int:
        """Return the number of a user's sessions that have neither ended nor expired."""
        number: int = active_sessions(user, None).count()
        return number

    @admin.display(description=_("Active sessions"))
    def active_sessions_link(self, user: Any) -> Any:
        """Return the number, and a link to the list of these sessions."""
        number = localize(self.active_sessions(user))
        url = _list_url(self.admin_site, LoginSession, user__pk=user.pk)
        return _with_link(number, url)

    @admin.display(description=_("Log out everywhere"))
    def log_out_link(self, user: Any) -> Any:
        """Return a link to the page that asks."""
        url = reverse(f"{self.admin_site.name}:{self._url_name}", args=[quote(user.pk)])
        link = '<a class="django-logout-link" href="{}">{}</a>'
        return format_html(link, url, gettext("Log out this user…"))

    @property
    def _url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_log_out"

    def log_out_user(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, and end all sessions of one user on POST. Then show the user's page again."""
        user: Any = self.get_object(request, unquote(object_id))
        if user is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]
        sees = self.has_view_or_change_permission(request, user)
        if not (sees and self.has_end_sessions_permission(request)):
            raise PermissionDenied
        page = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        back = reverse(page, args=[quote(user.pk)])
        users = self.get_queryset(request).using(registry.database()).filter(pk=user.pk)
        question = self._end(request, "log_out_everywhere", users, users, cancel_url=back)
        return question or HttpResponseRedirect(back)

    @admin.action(permissions=["end_sessions"], description=_("Log out everywhere"))
    def log_out_everywhere(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """End all sessions of the selected users."""
        # A replica may not know yet who is staff.
        users = queryset.using(registry.database())
        return self._end(request, "log_out_everywhere", users, users)


class ReasonFilter(admin.SimpleListFilter):
    """Filter events by the reasons that there are."""

    title, parameter_name = _("reason"), "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the reasons, sorted by what they are called."""
        found = LogoutEvent.objects.order_by().values_list("reason", flat=True).distinct()
        return sorted(((code, reason_label(code)) for code in found), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the events with the chosen reason."""
        return queryset.filter(reason=self.value()) if self.value() else queryset


class ScopeFilter(admin.SimpleListFilter):
    """Filter events by which sessions they included."""

    title, parameter_name = _("scope"), "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return all scopes."""
        return [(scope.value, scope_label(scope)) for scope in Scope]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the events with the chosen scope."""
        return queryset.filter(scope=self.value()) if self.value() else queryset


class LogoutEventAdmin(ReadOnlyAdmin):
    """Show what has ended: when, of which user, why, by which actor, and how each part went."""

    change_list_template = "django_logout/admin_events.html"
    list_display = (
        "created_at",
        "username",
        "reason_name",
        "actor_name",
        "sessions",
        "complete",
        "scope_name",
    )
    list_filter = ("complete", ReasonFilter, ScopeFilter, "created_at")
    search_fields = ("user_label", "actor_label", "=ip_address")
    fields = (
        "created_at",
        "user_label",
        "user",
        "reason_name",
        "scope_name",
        "actor_label",
        "actor",
        "sessions_link",
        "complete",
        "outcomes_table",
        "address",
        "device",
        "user_agent",
    )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Add the chart of the events that are listed."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context:
            context["chart"] = endings_chart(context["cl"].queryset)
        return response

    @admin.display(description=_("user"), ordering="user_label")
    def username(self, event: LogoutEvent) -> Any:
        """Return the user's name at the time, under a short heading."""
        return event.user_label or self.get_empty_value_display()

    @admin.display(description=_("actor"), ordering="actor_label")
    def actor_name(self, event: LogoutEvent) -> Any:
        """Return the actor's name at the time, under a short heading."""
        return event.actor_label or self.get_empty_value_display()

    @admin.display(description=_("reason"), ordering="reason")
    def reason_name(self, event: LogoutEvent) -> str:
        """Return the reason as a label."""
        label: str = reason_label(event.reason)
        return label

    @admin.display(description=_("scope"), ordering="scope")
    def scope_name(self, event: LogoutEvent) -> str:
        """Return the scope as a label."""
        label: str = scope_label(event.scope)
        return label

    @admin.display(description=_("sessions ended"))
    def sessions_link(self, event: LogoutEvent) -> Any:
        """Return the number of sessions, and a link to the list of their rows."""
        number = localize(event.sessions)
        lookups = {"event__pk": event.pk, StatusFilter.parameter_name: StatusFilter.ALL}
        url = _list_url(self.admin_site, LoginSession, **lookups) if event.sessions else ""
        return _with_link(number, url)

    @admin.display(description=_("device"))
    def device(self, event: LogoutEvent) -> Any:
        """Return the device of the client that asked for the ending."""
        return device_name(event.user_agent) or self.get_empty_value_display()

    @admin.display(description=_("outcomes"))
    def outcomes_table(self, event: LogoutEvent) -> str:
        """Return a table of what was revoked, kind by kind."""
        return render_to_string(
            "django_logout/admin_outcomes.html", {"outcomes": [*_outcomes(event)]}
        )


class StatusFilter(admin.SimpleListFilter):
    """Show active sessions, unless ended ones or all are asked for.

    A session has ended by itself, by a cutoff for all users, or because it has expired.
    """

    title, parameter_name = pgettext_lazy("django_logout", "status"), "status"
    ACTIVE, ENDED, ALL = "active", "ended", "all"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the three."""
        return [
            (self.ACTIVE, pgettext("django_logout", "Active")),
            (self.ENDED, pgettext("django_logout", "Ended")),
            (self.ALL, pgettext("django_logout", "All")),
        ]

    def value(self) -> str:
        """Return what is shown."""
        return super().value() or self.ACTIVE

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the sessions that are shown."""
        return queryset.filter(self._condition(self.value()))

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the three, without Django's "All", which would be the first."""
        counts = changelist.add_facets and self.get_facet_queryset(changelist)
        for index, (value, label) in enumerate(self.lookup_choices):
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": f"{label} ({counts[f'{index}__c']})" if counts else label,
            }

    def get_facet_counts(self, pk_attname: str, filtered_qs: QuerySet[Any]) -> dict[str, Any]:
        """Return how the sessions of each choice are counted."""
        return {
            f"{index}__c": Count(pk_attname, filter=self._condition(value))
            for index, (value, _label) in enumerate(self.lookup_choices)
        }

    def _condition(self, value: str) -> Q:
        # Processes write activity at most once per interval, so a row may be outdated by one.
        interval = as_timedelta(logout_settings().LAST_SEEN_INTERVAL)
        ended = Q(over_at__isnull=False) | Q(expires_at__lte=timezone.now() - interval)
        return {self.ACTIVE: ~ended, self.ENDED: ended}.get(value, Q(pk__isnull=False))


class LoginSessionAdmin(EndSessionsMixin, ReadOnlyAdmin):
    """Show who is logged in, since when, and with which device. Keys are never shown."""

    list_display = (
        "created_at",
        "user",
        "device_name",
        "last_seen_at",
        "address",
        "over_at",
        "why",
        "expires_at",
    )
    list_filter = (StatusFilter, "created_at")
    list_select_related = ("user", "event")
    fields = (
        "user",
        "device_name",
        "address",
        "kind_name",
        "created_at",
        "authenticated_at",
        "last_seen_at",
        "expires_at",
        "over_at",
        "why",
        "event",
        "backend",
        "user_agent",
        "replays",
        "id",
    )
    actions = ("end_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Annotate when each session ended. A cutoff for all users changes no session row."""
        later = Cutoff.objects.filter(user=None, pk__gt=OuterRef("newest_cutoff")).order_by("pk")
        first, reason = (Subquery(later.values(name)[:1]) for name in ("before", "reason"))
        rows = super().get_queryset(request)
        return cast(
            "QuerySet[Any]", rows.annotate(over_at=Coalesce("ended_at", first), cut_off=reason)
        )

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search by the user model's own name field."""
        return (f"user__{get_user_model().USERNAME_FIELD}", "device", "=ip_address")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Refuse lookups by key: counting the keys that begin with "a" reveals them by letters."""
        secret = SECRET.intersection(lookup.split(LOOKUP_SEP))
        return not secret and super().lookup_allowed(lookup, value, request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Name the user in the heading. The name of the row has no user."""
        session = context["original"]
        name = str(session.user or "")
        # The parts of the row's name are isolated in it: to isolate all of it would turn it around.
        context["subtitle"] = f"{isolate(name)}: {session}" if name else str(session)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("device"), ordering="device")
    def device_name(self, row: LoginSession) -> Any:
        """Return the device in the language of the admin."""
        return device_label(row.device) or self.get_empty_value_display()

    @admin.display(description=_("kind"), ordering="kind")
    def kind_name(self, row: LoginSession) -> str:
        """Return the kind as a label."""
        label: str = kind_label(row.kind)
        return label

    @admin.display(description=_("ended"), ordering="over_at")
    def over_at(self, row: Any) -> Any:
        """Return when the session ended, by itself or by a cutoff for all users."""
        return row.over_at or self.get_empty_value_display()

    @admin.display(description=_("reason"))
    def why(self, row: Any) -> Any:
        """Return why the session ended: by its event, or by the cutoff for all users."""
        if row.event is not None:
            code = row.event.reason
        elif row.over_at is not None:
            code = row.cut_off or Reason.UNKNOWN
        else:
            code = Reason.EXPIRED if row.expires_at <= timezone.now() else ""
        return reason_label(code) if code else self.get_empty_value_display()

    @admin.action(permissions=["end_sessions"], description=_("End selected sessions"))
    def end_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """End the selected sessions that are active."""
        active = registry.only_active(queryset.using(registry.database()))
        owners = registry.users().filter(pk__in=active.order_by().values("user"))
        return self._end(request, "end_chosen", active, owners)


def _list_url(site: admin.AdminSite, model: Any, **lookups: Any) -> str:
    """Return the URL of a filtered list in an admin; ``""`` if the model is not registered there."""
    try:
        name = f"{site.name}:{model._meta.app_label}_{model._meta.model_name}_changelist"
        return f"{reverse(name)}?{urlencode(lookups)}"
    except NoReverseMatch:
        return ""


def _with_link(number: str, url: str) -> Any:
    """Return a number of sessions with a link to their list, if there is one."""
    link = '{} (<a class="django-logout-link" href="{}">{}</a>)'
    return format_html(link, number, url, gettext("Show sessions")) if url else number


def _outcomes(event: LogoutEvent) -> Iterator[dict[str, Any]]:
    """Yield what became of each kind of credential, with the kind as a label."""
    titles = kind_titles()
    for kind, entry in event.outcomes.items():
        label = kind_label(kind)
        yield {**entry, "label": titles.get(kind, kind) if label == kind else label}


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
        return ", ".join(filter(None, (str(row.user), device_label(row.device), row.ip_address)))
    return str(row)


def extend_user_admin(site: admin.AdminSite = admin.site) -> None:
    """Add :class:`UserAdminMixin` to the user admin that is registered with a site.

    It keeps its own class, whichever app has registered it. Raises
    ``django.contrib.admin.exceptions.NotRegistered`` if no app has done so yet.
    """
    model: Any = get_user_model()
    registered: Any = type(site.get_model_admin(model))
    if not issubclass(registered, UserAdminMixin):
        names = {"__module__": registered.__module__, "__doc__": registered.__doc__}
        site.unregister(model)
        site.register(model, type(registered.__name__, (UserAdminMixin, registered), names))


def register_models() -> None:
    """Register both models with the default admin site.

    This is done when the apps are ready, not on import: the default site may be a class of the
    project that imports the mixin from this module.
    """
    for model, model_admin in ((LogoutEvent, LogoutEventAdmin), (LoginSession, LoginSessionAdmin)):
        if not admin.site.is_registered(model):
            admin.site.register(model, model_admin)
