"""Tokens of Django REST framework (``rest_framework.authtoken``)."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from rest_framework.authtoken.models import Token

from django_logout.revokers.rows import ModelRevoker
from django_logout.types import Credential


class DrfTokenRevoker(ModelRevoker):
    """Deletes them. There is one for each user, which all their programs share: whatever ends it
    ends it for all of them, and the next login of a program makes a new one."""

    name = "drf_token"
    apps = ("rest_framework.authtoken",)
    created_field = "created"

    model: type[Model] = Token

    def describe(self, row: Any) -> Credential:
        """As its owner may see it."""
        return Credential(
            id=self.public_id(row.pk),
            kind=self.name,
            label=_("API token, shared by all your programs"),
            created_at=row.created,
        )
