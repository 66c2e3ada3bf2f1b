"""Logins through a provider, the logouts that providers report, and what providers publish.

Identifiers of providers are case-sensitive, and some databases compare without regard to case. So
rows are found by digests.
"""

import uuid

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_logout.models import LoginSession, LogoutEvent
from django_logout.utils.uncached import UncachedQuerySet

if not apps.is_installed("django_logout.federation"):
    # Django would take these models for models of "django_logout", which has no such tables, and no
    # session or user could be deleted.
    raise ImproperlyConfigured('Add "django_logout.federation" to INSTALLED_APPS, and migrate.')


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
        return f"{self.provider}: {self.subject or self.sid}"


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
