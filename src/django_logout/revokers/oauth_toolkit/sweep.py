"""Read and lock all rows that an ending includes, in every table of django-oauth-toolkit."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, pre_delete
from django.utils import timezone
from oauth2_provider import models

from django_logout.revokers.oauth_toolkit import grants
from django_logout.types import Ending
from django_logout.utils.bounded import batched

#: How many rows are deleted at once.
BATCH = 10_000


class Sweep:
    """The rows that an ending includes at this moment.

    Used refresh tokens are among them, since the library refreshes them once more during its grace
    period.
    """

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        codes = self._lock(models.get_grant_model())
        self.codes = [row for row in codes if self._includes(grants.key_of("code", row), row)]
        fields = ("token_family", "revoked", "access_token", "application")
        refresh = self._lock(models.get_refresh_token_model(), *fields)
        # With the first token of a family, all that it was refreshed to are included.
        families = {key for row in refresh if self._includes(key := grants.refresh_key(row), row)}
        self.refresh = [row for row in refresh if grants.refresh_key(row) in families]
        access = self._lock(models.get_access_token_model(), "expires", "id_token", "application")
        family_of = {row.access_token_id: grants.refresh_key(row) for row in refresh}
        #: Access tokens without a refresh token.
        self.single = [
            row
            for row in access
            if row.pk not in family_of and self._includes(grants.key_of("access", row), row)
        ]
        self.access = [*self.single, *(row for row in access if family_of.get(row.pk) in families)]
        applications = {row.application_id for row in (*self.refresh, *self.access)}
        self.id_tokens = self._lock_id_tokens(access, applications)
        devices = grants.rows_of(models.get_device_grant_model(), ending.reach.user_pks)
        if ending.reach.selected_ids:
            # Only the grants of applications with an included login, instead of all of the users.
            known = models.get_application_model()._base_manager.filter(pk__in=applications)
            devices = devices.filter(client_id__in=known.values("client_id"))
        self.devices = list(devices.only("user"))
        self._all = (self.codes, self.refresh, self.access, self.id_tokens, self.devices)

    def __bool__(self) -> bool:
        return any(self._all)

    @property
    def active_logins(self) -> set[str]:
        """Keys of the logins that were valid, as the list of sessions counts them."""
        now = timezone.now()
        renewable = {grants.refresh_key(row) for row in self.refresh if row.revoked is None}
        single = {grants.key_of("access", row) for row in self.single if row.expires > now}
        return renewable | single

    def delete(self) -> None:
        """Delete all rows. ID tokens come after access tokens, which would cascade otherwise."""
        for found, model, field in (
            (self.refresh, models.get_access_token_model(), "source_refresh_token"),
            (self.access, models.get_refresh_token_model(), "access_token"),
        ):
            for rows in _batches(found):
                referring = model._base_manager.using(rows.db).filter(**{f"{field}__in": rows})
                referring.update(**{field: None})
        for found in self._all:
            for rows in _batches(found):
                _delete_rows(rows)

    def _includes(self, key: str, row: Any) -> bool:
        too_new = self.ending.is_retry and row.created > self.ending.at
        return not too_new and self.ending.reach.includes(grants.NAME, grants.public_id(key))

    def _lock(self, model: type[Model], *fields: str) -> list[Any]:
        rows = grants.rows_of(model, self.ending.reach.user_pks).select_for_update()
        return list(rows.only("user", "created", *fields).order_by("pk"))

    def _lock_id_tokens(self, access: Sequence[Any], applications: set[Any]) -> list[Any]:
        """Return the ID tokens of the included access tokens, and earlier ones of the same
        applications, whose access tokens have been refreshed. ID tokens of logins that stay active
        are not among them."""
        included = {row.pk for row in self.access}
        kept = {row.id_token_id for row in access if row.pk not in included}
        return [
            row
            for row in self._lock(models.get_id_token_model(), "application")
            if row.pk not in kept
            and (
                row.application_id in applications or self._includes(grants.key_of("id", row), row)
            )
        ]


def _batches(found: Sequence[Any]) -> Iterator[QuerySet[Any]]:
    """Yield querysets of the rows, in as few batches as every database accepts."""
    for batch in batched(found, BATCH):
        rows = batch[0]._meta.model._base_manager.using(grants.database())
        yield rows.filter(pk__in=[row.pk for row in batch])


def _delete_rows(rows: QuerySet[Any]) -> None:
    """Delete rows in one statement.

    Django's own ``delete()`` takes a hundred rows at a time, to find other rows that refer to them.
    It is used only if a model of the project refers to them, or a receiver needs the signals.
    """
    meta = rows.model._meta
    tokens = (models.get_access_token_model(), models.get_refresh_token_model())
    referred_to = any(relation.related_model not in tokens for relation in meta.related_objects)
    has_receivers = any(signal.has_listeners(rows.model) for signal in (pre_delete, post_delete))
    if referred_to or has_receivers or meta.parents:
        rows.delete()
    else:
        rows._raw_delete(rows.db)
