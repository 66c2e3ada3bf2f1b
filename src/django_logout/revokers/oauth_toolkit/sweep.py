"""One look at all that an ending reaches, in every table, with a lock on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, pre_delete
from django.utils import timezone
from oauth2_provider import models

from django_logout.revokers import bindings
from django_logout.revokers.oauth_toolkit import grants
from django_logout.types import Ending
from django_logout.utils.batches import batched

#: How many rows are deleted at once.
BATCH = 10_000


class Sweep:
    """What there is now. Refresh tokens that are used up are part of it: one that is presented
    again in its period of grace would be renewed."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        codes = self._locked(models.get_grant_model())
        self.codes = [row for row in codes if self._means(grants.of_code(row), row.created)]
        refresh = self._locked(
            models.get_refresh_token_model(),
            "token_family",
            "revoked",
            "access_token",
            "application",
        )
        begun: dict[str, datetime] = {}
        for row in refresh:  # oldest first
            begun.setdefault(grants.of_refresh(row), row.created)
        meant = {what for what, since in begun.items() if self._means(what, since)}
        self.refresh = [row for row in refresh if grants.of_refresh(row) in meant]
        access = self._locked(models.get_access_token_model(), "expires", "id_token", "application")
        held = {row.access_token_id: grants.of_refresh(row) for row in refresh}
        self.alone = [
            row
            for row in access
            if row.pk not in held and self._means(grants.of_access(row), row.created)
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
        renewable = {grants.of_refresh(row) for row in self.refresh if row.revoked is None}
        return renewable | {grants.of_access(row) for row in self.alone if row.expires > now}

    def delete(self) -> None:
        """Delete it all. (ID tokens late: access tokens would go with them.)"""
        access, refresh = models.get_access_token_model(), models.get_refresh_token_model()
        for rows in _batches(self.refresh):
            pointing = access._base_manager.using(rows.db).filter(source_refresh_token__in=rows)
            pointing.update(source_refresh_token=None)
        for rows in _batches(self.access):
            pointing = refresh._base_manager.using(rows.db).filter(access_token__in=rows)
            pointing.update(access_token=None)
        for found in (self.codes, self.refresh, self.access, self.id_tokens, self.devices):
            for rows in _batches(found):
                _delete(rows)

    def _means(self, what: str, begun: datetime) -> bool:
        late = self.ending.is_retry and begun > self.ending.at
        return not late and self.ending.reach.includes(
            grants.NAME, bindings.public_id(grants.NAME, what)
        )

    def _locked(self, model: type[Model], *fields: str) -> list[Any]:
        rows = grants.rows(model, self.ending.reach.user_pks).select_for_update()
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
                or self._means(grants.of_id_token(row), row.created)
            )
        ]

    def _devices(self) -> list[Any]:
        """What devices can still get a token for: all that the user has been asked for; of an
        application, if it is about one of its logins."""
        rows = grants.rows(models.get_device_grant_model(), self.ending.reach.user_pks)
        if self.ending.reach.selected_ids:
            applications = {row.application_id for row in (*self.refresh, *self.access)}
            known = models.get_application_model()._base_manager.filter(pk__in=applications)
            rows = rows.filter(client_id__in=known.values("client_id"))
        return list(rows.only("user"))


def _batches(found: Sequence[Any]) -> Iterator[QuerySet[Any]]:
    """Yield querysets of the rows, in as few batches as every database accepts."""
    for batch in batched(found, BATCH):
        rows = batch[0]._meta.model._base_manager.using(grants.database())
        yield rows.filter(pk__in=[row.pk for row in batch])


def _delete(rows: QuerySet[Any]) -> None:
    """In one statement. Django's own ``delete()`` takes a hundred rows at a time, for the sake of
    whatever may point to them; it is asked where the project has something that does, or hears
    of it."""
    ours, about = (
        (models.get_access_token_model(), models.get_refresh_token_model()),
        rows.model._meta,
    )
    pointing = any(relation.related_model not in ours for relation in about.related_objects)
    heard = any(signal.has_listeners(rows.model) for signal in (pre_delete, post_delete))
    if pointing or heard or about.parents:
        rows.delete()
    else:
        rows._raw_delete(rows.db)
