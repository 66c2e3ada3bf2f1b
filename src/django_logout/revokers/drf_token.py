"""Revoke tokens of Django REST framework (``rest_framework.authtoken``)."""

from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from rest_framework.authtoken.models import Token

from django_logout.revokers.rows import ModelRevoker
from django_logout.types import Credential


class DrfTokenRevoker(ModelRevoker):
    """Deletes tokens.

    A user has one token, shared by all programs. So revoking it affects all of them, and the next
    login of a program creates a new one.
    """

    name = "drf_token"
    apps = ("rest_framework.authtoken",)
    created_field = "created"

    model: type[Model] = Token

    def describe(self, row: Any) -> Credential:
        """Return the token without its key."""
        return self._describe(row, _("API token shared by all your apps"))
