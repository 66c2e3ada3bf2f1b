"""Revoke tokens of django-rest-knox."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.models import get_token_model

from django_logout.revokers.rows import ModelRevoker
from django_logout.types import Credential


class KnoxRevoker(ModelRevoker):
    """Deletes tokens of the model that ``KNOX_TOKEN_MODEL`` names. Each program has its own."""

    name = "knox_token"
    apps = ("knox",)
    created_field = "created"

    def __init__(self) -> None:
        self.model = get_token_model()

    def rows(self) -> QuerySet[Any]:
        """Return the tokens that have not expired. knox itself deletes expired ones when it reads
        them."""
        return super().rows().filter(Q(expiry=None) | Q(expiry__gt=timezone.now()))

    def describe(self, row: Any) -> Credential:
        """Return the token without its digest. knox does not record which program has it."""
        return self._describe(row, _("API token"), expires_at=row.expiry)
