"""Sessions and cutoffs, the records of endings, and the tokens of sessions."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from django_logout.enums import SESSION, Reason
from django_logout.utils.lazy import lazy_import
from django_logout.utils.uncached import UncachedQuerySet

# Only the admin and the shell show rows by name.
reason_label = lazy_import("labels.reason_label")
scope_label = lazy_import("labels.scope_label")
kind_label = lazy_import("labels.kind_label")
device_label = lazy_import("labels.device_label")
isolate = lazy_import("labels.isolate")


class LogoutEvent(models.Model):
    """The record of one ending: when, why, by which actor, and with what outcomes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    reason = models.CharField(_("reason"), max_length=64, db_index=True)
    scope = models.CharField(_("scope"), max_length=16)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="logout_events",
        verbose_name=_("user"),
    )
    user_label = models.CharField(
        _("username at the time"), max_length=255, help_text=_("Kept after the account is deleted.")
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("actor"),
    )
    actor_label = models.CharField(_("actor's username at the time"), max_length=255)
    sessions = models.PositiveIntegerField(_("sessions ended"))
    complete = models.BooleanField(_("complete"))
    outcomes = models.JSONField(_("outcomes"), default=dict)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True)
    user_agent = models.CharField(_("user agent"), max_length=300, blank=True)

    objects = UncachedQuerySet.as_manager()

    class Meta:
        verbose_name = _("logout event")
        verbose_name_plural = _("logout events")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        name = isolate(self.user_label) if self.user_label else scope_label(self.scope)
        return f"{name}: {reason_label(self.reason)}"


class LoginSession(models.Model):
    """One login, and the authority on whether its session is active.

    Nothing in a row can be used to log in, except the key of a session that the session table of
    the same database holds anyway.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="login_sessions",
        db_index=False,
        verbose_name=_("user"),
    )
    # Of a login by an authentication backend that has a user model of its own.
    account = models.CharField(max_length=255, blank=True, default="", editable=False)
    kind = models.CharField(
        _("kind"),
        max_length=32,
        default=SESSION,
        help_text=_("A browser session, or the type of a token login."),
    )
    # Other engines get a keyed hash: it identifies the key again, and does not reveal it.
    session_key = models.CharField(
        _("session key"),
        max_length=255,
        blank=True,
        default="",
        editable=False,
        help_text=_("Stored only if the session engine uses this database."),
    )
    rotated_from = models.UUIDField(
        _("key before the last rotation"),
        null=True,
        db_index=True,
        editable=False,
        help_text=_("A keyed hash. A tab that still has the old key can log out with it."),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    # Whether a cutoff covers a session must not depend on the clocks of two servers.
    newest_cutoff = models.BigIntegerField(default=0, editable=False)
    authenticated_at = models.DateTimeField(
        _("logged in"),
        default=timezone.now,
        help_text=_("The most recent time, if the user logged in more than once."),
    )
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True)
    user_agent = models.CharField(_("user agent"), max_length=300, blank=True)
    device = models.CharField(_("device"), max_length=100, blank=True)
    backend = models.CharField(
        _("logged in with"), max_length=255, blank=True, help_text=_("The authentication backend.")
    )
    # When the browser of a session that was ended from elsewhere was told so.
    notified_at = models.DateTimeField(null=True, editable=False)
    replays = models.PositiveIntegerField(
        _("replays"),
        default=0,
        help_text=_("How many times its cookie was used after the session had ended."),
    )
    # Rows are deleted in bulk. A derived session whose origin has no row is refused.
    origin = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        editable=False,
        related_name="derived",
        verbose_name=_("derived from"),
        help_text=_("The session of the user who impersonates this one."),
    )
    # An ending reads it with the row, so that only the endings of such sessions look for others.
    has_derived = models.BooleanField(default=False, editable=False)
    # It has replaced its origin in the browser, so both end together.
    in_place = models.BooleanField(default=False, editable=False)
    # No constraint in the database: an ending updates the sessions before it inserts the event,
    # and not every database defers the check of foreign keys to the commit.
    event = models.ForeignKey(
        LogoutEvent,
        on_delete=models.SET_NULL,
        null=True,
        db_constraint=False,
        related_name="login_sessions",
        verbose_name=_("event"),
    )

    objects = UncachedQuerySet.as_manager()

    class Meta:
        verbose_name = _("login session")
        verbose_name_plural = _("login sessions")
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=["user", "ended_at"], name="django_logout_active"),
            # With db_index, PostgreSQL would get a second index for LIKE, which slows down every
            # ending.
            models.Index(fields=["session_key"], name="django_logout_key"),
        )
        permissions = (
            ("end_loginsession", "Can end sessions"),
            ("end_staff_sessions", "Can end sessions of staff"),
        )

    def __str__(self) -> str:
        # Without the user, which would take a query for each row.
        begun = self.created_at
        if timezone.is_aware(begun):
            begun = timezone.localtime(begun)
        device = device_label(self.device) or kind_label(self.kind)
        return f"{isolate(device)}, {isolate(date_format(begun, 'SHORT_DATETIME_FORMAT'))}"


class Cutoff(models.Model):
    """Refuse sessions and tokens that started before it, of one user or (without a user) of all.

    A session started before it if it has noted an older cutoff as the newest, whatever clocks say.
    Sessions without an id of this package have noted none, so every cutoff of their user refuses
    them. Tokens without a row have noted only when they were issued.
    """

    id = models.BigAutoField(primary_key=True)  # In the order in which the cutoffs were made.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="logout_cutoffs",
        verbose_name=_("user"),
    )
    before = models.DateTimeField(_("before"))
    reason = models.CharField(_("reason"), max_length=64, default=Reason.CUTOFF)

    objects = UncachedQuerySet.as_manager()

    class Meta:
        verbose_name = _("cutoff")
        verbose_name_plural = _("cutoffs")

    def __str__(self) -> str:
        return f"{self.user_id or 'everyone'} < {self.before:%Y-%m-%d %H:%M:%S}"


class Installation(models.Model):
    """When this package was installed: one row, which the migration writes.

    Sessions without an id are accepted for a while after that. Without the row they are refused.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    installed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.installed_at:%Y-%m-%d %H:%M:%S}"


class CredentialBinding(models.Model):
    """A token that was obtained in a session, and ends with it."""

    id = models.UUIDField(primary_key=True, editable=False)  # The token's public id.
    session = models.ForeignKey(
        LoginSession,
        on_delete=models.CASCADE,
        related_name="credential_bindings",
        verbose_name=_("session"),
    )
    kind = models.CharField(_("kind"), max_length=64)

    objects = UncachedQuerySet.as_manager()

    class Meta:
        verbose_name = _("credential binding")
        verbose_name_plural = _("credential bindings")

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
