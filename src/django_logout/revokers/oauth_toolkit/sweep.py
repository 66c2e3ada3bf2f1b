"""One look at all that an ending reaches, in every table, with a lock on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils import timezone
from oauth2_provider import models

from django_logout import ties
from django_logout.revokers.oauth_toolkit import logins
from django_logout.types import Ending


class Sweep:
    """What there is now. Refresh tokens that are used up are part of it: one that is presented
    again in its period of grace would be renewed."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        codes = self._locked(models.get_grant_model())
        self.codes = [row for row in codes if self._means(logins.of_code(row), row.created)]
        refresh = self._locked(
            models.get_refresh_token_model(),
            "token_family",
            "revoked",
            "access_token",
            "application",
        )
        begun: dict[str, datetime] = {}
        for row in refresh:  # oldest first
            begun.setdefault(logins.of_refresh(row), row.created)
        meant = {what for what, since in begun.items() if self._means(what, since)}
        self.refresh = [row for row in refresh if logins.of_refresh(row) in meant]
        access = self._locked(models.get_access_token_model(), "expires", "id_token", "application")
        held = {row.access_token_id: logins.of_refresh(row) for row in refresh}
        self.alone = [
            row
            for row in access
            if row.pk not in held and self._means(logins.of_access(row), row.created)
        ]
        self.access = [*self.alone, *(row for row in access if held.get(row.pk) in meant)]
        self.id_tokens = self._id_tokens(access)
        self.devices = self._devices()

    def __bool__(self) -> bool:
        return any((self.codes, self.refresh, self.access, self.id_tokens, self.devices))

    @property
    def living(self) -> set[str]:
        """The logins that worked, as their users would count them."""
        now = timezone.now()
        renewable = {logins.of_refresh(row) for row in self.refresh if row.revoked is None}
        return renewable | {logins.of_access(row) for row in self.alone if row.expires > now}

    def delete(self) -> None:
        """Delete it all. (ID tokens late: the database would delete access tokens with them.)"""
        for found in (self.codes, self.access, self.refresh, self.id_tokens, self.devices):
            if found:
                rows = found[0]._meta.model._base_manager.using(logins.database())
                rows.filter(pk__in=[row.pk for row in found]).delete()

    def _means(self, what: str, begun: datetime) -> bool:
        late = self.ending.again and begun > self.ending.at
        return not late and self.ending.reach.takes(logins.NAME, ties.public_id(logins.NAME, what))

    def _locked(self, model: type[Model], *fields: str) -> list[Any]:
        rows = logins.rows(model, self.ending.reach.whose).select_for_update()
        return list(rows.only("user", "created", *fields).order_by("pk"))

    def _id_tokens(self, access: Sequence[Any]) -> list[Any]:
        """Those of the access tokens, and earlier ones of the same applications, whose access
        tokens have been renewed; but none that belongs to a login which goes on."""
        mine = {row.pk for row in self.access}
        kept = {row.id_token_id for row in access if row.pk not in mine}
        applications = {row.application_id for row in (*self.refresh, *self.access)}
        rows = self._locked(models.get_id_token_model(), "application")
        return [
            row
            for row in rows
            if row.pk not in kept
            and (
                row.application_id in applications
                or self._means(logins.of_id_token(row), row.created)
            )
        ]

    def _devices(self) -> list[Any]:
        """What devices can still get a token for: all that the user has been asked for; of an
        application, if it is about one of its logins."""
        rows = logins.rows(models.get_device_grant_model(), self.ending.reach.whose)
        if self.ending.reach.chosen:
            applications = {row.application_id for row in (*self.refresh, *self.access)}
            known = models.get_application_model()._base_manager.filter(pk__in=applications)
            rows = rows.filter(client_id__in=known.values("client_id"))
        return list(rows.only("user"))
