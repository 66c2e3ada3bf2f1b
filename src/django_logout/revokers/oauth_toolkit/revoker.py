"""Ends logins of applications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from oauth2_provider import models

from django_logout.conf import logout_settings
from django_logout.revokers.base import Revoker
from django_logout.revokers.oauth_toolkit import grants, receivers
from django_logout.revokers.oauth_toolkit.sweep import Sweep
from django_logout.types import Credential, Ending


class OauthToolkitRevoker(Revoker):
    """Deletes tokens. One credential is one login of one application: the refresh tokens that have
    come of one another, with their access and ID tokens; or an access token that has none.

    What a user has approved in a session is tied to it, and so is what is had for that.
    """

    name = grants.NAME
    title = _("Application")
    apps = ("oauth2_provider",)
    needs_reach = True

    def revoke(self, ending: Ending) -> int:
        """Delete what the ending reaches, and give how many logins of applications those were.

        Whoever is just getting new tokens for old ones has the old ones locked, and is waited for;
        so we look again, until nothing has come of them.
        """
        if not ending.reach.may_include(self.name) or self._is_spared(ending):
            return 0
        ended: set[str] = set()
        with transaction.atomic(using=grants.database()):
            while found := Sweep(ending):
                ended |= found.living
                found.delete()
        return len(ended)

    def count_exempt(self, ending: Ending) -> int:
        """Count the logins of applications that were left alone."""
        if not ending.reach.may_include(self.name) or not self._is_spared(ending):
            return 0
        access = grants.rows(models.get_access_token_model(), ending.reach.user_pks)
        return sum(ending.reach.includes(self.name, login.id) for login in grants.active(access))

    def list(self, user: Any) -> Sequence[Credential]:
        """The user's logins of applications, in one query."""
        return [*grants.active(grants.rows(models.get_access_token_model(), [user.pk]))]

    def presented(self, request: HttpRequest) -> UUID | None:
        """Of which login the access token is that let the request in."""
        token, model = getattr(request, "auth", None), models.get_access_token_model()
        if not isinstance(token, model):
            return None
        found = grants.active(grants.rows(model, None).filter(pk=token.pk))
        return next((login.id for login in found), None)

    def owns_model(self, model: type[Model]) -> bool:
        """Each of the tables, if the project has its own."""
        return model in (
            models.get_access_token_model(),
            models.get_refresh_token_model(),
            models.get_id_token_model(),
            models.get_grant_model(),
            models.get_device_grant_model(),
        )

    def connect(self) -> None:
        """Notice what is approved in a session, and what is had for it."""
        receivers.connect()

    def _is_spared(self, ending: Ending) -> bool:
        return self.excludes_exempt(ending) and self.name in logout_settings().EXEMPT_CREDENTIALS
