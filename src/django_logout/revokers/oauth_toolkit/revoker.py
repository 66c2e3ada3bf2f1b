"""Revoke logins of applications."""

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
    """Deletes tokens.

    One credential is one login of one application: the refresh tokens of a family, with their
    access and ID tokens, or a single access token without a refresh token. What a user authorizes
    in a session is bound to it, together with the tokens that are obtained with it.
    """

    name = grants.NAME
    title = _("Connected app")
    apps = ("oauth2_provider",)
    needs_reach = True

    def revoke(self, ending: Ending) -> int:
        """Delete what the ending includes, and return the number of logins.

        A client that is refreshing its tokens holds a lock on the old ones, and this waits for it.
        So the sweep is repeated until it finds no new tokens.
        """
        if not ending.reach.may_include(self.name) or self._is_exempt(ending):
            return 0
        ended: set[str] = set()
        with transaction.atomic(using=grants.database()):
            while sweep := Sweep(ending):
                ended |= sweep.active_logins
                sweep.delete()
        return len(ended)

    def count_exempt(self, ending: Ending) -> int:
        """Return the number of logins that the ending would include if they were not exempt."""
        if not ending.reach.may_include(self.name) or not self._is_exempt(ending):
            return 0
        access = grants.rows_of(models.get_access_token_model(), ending.reach.user_pks)
        logins = grants.active_logins(access)
        return sum(ending.reach.includes(self.name, login.id) for login in logins)

    def list(self, user: Any) -> Sequence[Credential]:
        """Return the user's logins of applications, in one query."""
        return [*grants.active_logins(grants.rows_of(models.get_access_token_model(), [user.pk]))]

    def presented(self, request: HttpRequest) -> UUID | None:
        """Return the login of the access token that authenticated the request."""
        token, model = getattr(request, "auth", None), models.get_access_token_model()
        if not isinstance(token, model):
            return None
        logins = grants.active_logins(grants.rows_of(model, None).filter(pk=token.pk))
        return next((login.id for login in logins), None)

    def owns_model(self, model: type[Model]) -> bool:
        """Return whether it is one of the library's models, or the project's replacement."""
        return model in (
            models.get_access_token_model(),
            models.get_refresh_token_model(),
            models.get_id_token_model(),
            models.get_grant_model(),
            models.get_device_grant_model(),
        )

    def connect(self) -> None:
        """Bind what is issued in a session to it."""
        receivers.connect_receivers()

    def _is_exempt(self, ending: Ending) -> bool:
        return self.excludes_exempt(ending) and self.name in logout_settings().EXEMPT_CREDENTIALS
