"""Logins through a provider, the logouts that providers report, and what providers publish. Then,
where this site is the provider: its applications, and their logins.

Identifiers of providers are case-sensitive, and some databases compare without regard to case. So
rows are found by digests.
"""

import uuid

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_logout.models import LoginSession, LogoutEvent
from django_logout.utils.lazy import lazy_import
from django_logout.utils.uncached import UncachedQuerySet

if not apps.is_installed("django_logout.federation"):
    # Django would take these models for models of "django_logout", which has no such tables, and no
    # session or user could be deleted.
    raise ImproperlyConfigured('Add "django_logout.federation" to INSTALLED_APPS, and migrate.')

# Only forms check what they write.
validate_client = lazy_import("federation.applications.validate_client")


class ProviderLink(models.Model):
    """One login through a provider, in one session. A session may have several."""

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(
        LoginSession,
        on_delete=models.CASCADE,
        related_name="provider_links",
        db_index=False,
        verbose_name=_("session"),
    )
    provider = models.CharField(
        _("provider"), max_length=100, help_text=_("Its key in the setting PROVIDERS.")
    )
    issuer = models.CharField(_("issuer"), max_length=255)
    subject = models.CharField(_("subject"), max_length=255, blank=True)
    sid = models.CharField(_("session at the provider"), max_length=255, blank=True)
    subject_digest = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    sid_digest = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    # By the provider's clock, so that it can be compared with the times of logout tokens.
    issued_at = models.DateTimeField(_("issued"), null=True)
    linked_at = models.DateTimeField(_("logged in"), default=timezone.now)
    # Encrypted. Emptied when the session ends.
    id_token = models.TextField(blank=True, default="", editable=False)
    # A refresh token or an access token, to ask the provider with whether the login still stands.
    # Encrypted, and emptied too.
    recheck_token = models.TextField(blank=True, default="", editable=False)
    # When the provider has last said that it does; and when it was last asked, by the process that
    # has set this. All others wait.
    checked_at = models.DateTimeField(null=True, editable=False)
    asked_at = models.DateTimeField(null=True, editable=False)

    objects = UncachedQuerySet.as_manager()

    class Meta:
        verbose_name = _("login through a provider")
        verbose_name_plural = _("logins through a provider")
        constraints = (
            models.UniqueConstraint(
                fields=["session", "provider"], name="django_logout_one_link_a_provider"
            ),
        )

    def __str__(self) -> str:
        # Without the name of the session there: the front channel ends whatever knows it.
        return f"{self.provider}: {self.subject}" if self.subject else self.provider


class ProviderNotice(models.Model):
    """A logout that a provider has reported, whether it is done or not yet.

    A row that is not handled is worked on again; one that is handled refuses the same token. It
    ends also a login that was in progress when it came.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    provider = models.CharField(_("provider"), max_length=100)
    issuer = models.CharField(_("issuer"), max_length=255)
    subject_digest = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    sid_digest = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    issued_at = models.DateTimeField(_("issued"))
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    handled_at = models.DateTimeField(_("handled"), null=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("error"), max_length=100, blank=True)
    event = models.ForeignKey(
        LogoutEvent,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("event"),
    )

    objects = UncachedQuerySet.as_manager()

    class Meta:
        verbose_name = _("logout reported by a provider")
        verbose_name_plural = _("logouts reported by a provider")
        ordering = ("-received_at",)

    def __str__(self) -> str:
        return f"{self.provider}: {self.issued_at:%Y-%m-%d %H:%M:%S}"


class ProviderMetadata(models.Model):
    """What a provider publishes: its discovery document and its keys, for all processes."""

    issuer_digest = models.CharField(max_length=64, primary_key=True)
    issuer = models.CharField(max_length=255)
    document = models.JSONField(default=dict)
    keys = models.JSONField(default=list)
    fetched_at = models.DateTimeField(null=True)
    # Who sets this, fetches; all others wait for the cool-down. So one process fetches at a time.
    tried_at = models.DateTimeField(null=True)

    objects = UncachedQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.issuer


class LogoutClient(models.Model):
    """An application that hears of logouts, as its developers register it (Back-Channel Logout
    1.0, section 2.2). Fixed ones are in the setting ``CLIENTS``."""

    id = models.BigAutoField(primary_key=True)
    client_id = models.CharField(
        _("client ID"), max_length=255, unique=True, help_text=_("That of the application.")
    )
    backchannel_logout_uri = models.CharField(
        _("back-channel logout URI"),
        max_length=500,
        help_text=_("Logouts are posted there. An HTTPS URL of the application."),
    )
    session_required = models.BooleanField(
        _("session required"),
        default=False,
        help_text=_("The application needs the name of each session (sid)."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = UncachedQuerySet.as_manager()

    class Meta:
        verbose_name = _("application to tell of logouts")
        verbose_name_plural = _("applications to tell of logouts")
        ordering = ("client_id",)

    def __str__(self) -> str:
        return self.client_id

    def clean(self) -> None:
        """Check the URI like a redirect URI, and that it is of an application."""
        validate_client(self)


class ClientLink(models.Model):
    """A login that an application was given: in a session, or, as a device is, without one."""

    # A digest of the session, or else of the user, and the application: there is one of each.
    id = models.UUIDField(primary_key=True, editable=False)
    session = models.ForeignKey(
        LoginSession,
        on_delete=models.CASCADE,
        null=True,
        related_name="client_links",
        verbose_name=_("session"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    client_id = models.CharField(_("client ID"), max_length=255)
    issuer = models.CharField(_("issuer"), max_length=255)
    subject = models.CharField(_("subject"), max_length=255)
    # A secret between this site, the application and the browser (Front-Channel Logout, section 5).
    sid = models.CharField(max_length=64, blank=True, editable=False)
    linked_at = models.DateTimeField(_("logged in"), default=timezone.now)

    objects = UncachedQuerySet.as_manager()

    class Meta:
        verbose_name = _("login of an application")
        verbose_name_plural = _("logins of applications")

    def __str__(self) -> str:
        return f"{self.client_id}: {self.subject}"


class Delivery(models.Model):
    """A logout that an application has to hear of, until it has or can no longer.

    The row holds no token: it is signed anew at each try. The row is the truth, and whatever runs
    the deliveries only looks for rows that are due.
    """

    class State(models.TextChoices):
        """What has become of a delivery."""

        WAITING = "waiting", pgettext_lazy("django_logout", "Waiting")
        HEARD = "heard", pgettext_lazy("django_logout", "Heard")
        FAILED = "failed", pgettext_lazy("django_logout", "Failed")

    # A digest of all that it says, so that an ending that is retried writes no second one.
    id = models.UUIDField(primary_key=True, editable=False)
    # No constraint in the database: it is written before the event, in the same transaction.
    event = models.ForeignKey(
        LogoutEvent,
        on_delete=models.CASCADE,
        db_constraint=False,
        related_name="deliveries",
        verbose_name=_("event"),
    )
    client_id = models.CharField(
        _("client ID"),
        max_length=255,
        blank=True,
        help_text=_("Empty: the logins of all users, for each of which a row is to be written."),
    )
    issuer = models.CharField(_("issuer"), max_length=255)
    subject = models.CharField(_("subject"), max_length=255)
    sid = models.CharField(max_length=64, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    due_at = models.DateTimeField(_("next try"), default=timezone.now)
    # A worker that has died gives its row up at that time. The lease names the worker's claim.
    leased_until = models.DateTimeField(null=True, editable=False)
    lease = models.UUIDField(null=True, editable=False)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    last_status = models.PositiveSmallIntegerField(_("last status"), null=True)
    last_error = models.CharField(_("last error"), max_length=32, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True)

    objects = UncachedQuerySet.as_manager()

    class Meta:
        verbose_name = _("logout told to an application")
        verbose_name_plural = _("logouts told to applications")
        ordering = ("created_at", "pk")
        indexes = (
            models.Index(fields=["state", "due_at"], name="django_logout_due"),
            models.Index(fields=["client_id", "state", "due_at"], name="django_logout_client_due"),
        )

    def __str__(self) -> str:
        return f"{self.client_id}: {self.get_state_display()}"
