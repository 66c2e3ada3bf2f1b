"""The base of revokers whose credentials are rows of a table with a user."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import router, transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.signals import post_save
from django.http import HttpRequest

from django_logout.conf import logout_settings
from django_logout.revokers import bindings
from django_logout.revokers.base import Revoker
from django_logout.types import Credential, Ending

ALL = ~Q(pk__in=())


class ModelRevoker(Revoker):
    """Revokes rows: all of a user, those that were obtained in a session, or a single one.

    A row that is created by a request with an authenticated session is bound to that session and
    revoked with it. Rows created by ``bulk_create`` are not, since it sends no signals.
    """

    model: type[Model]
    "The table."

    user_field = "user"
    "Name of the field with the owner."
    created_field = ""
    "Name of the field with the time of creation, if any. With it, retries revoke no newer rows."

    needs_reach = True

    @abstractmethod
    def describe(self, row: Any) -> Credential:
        """Return a row as its owner may see it, with :meth:`public_id` as its id."""

    def rows(self) -> QuerySet[Any]:
        """Return all valid rows. They are read from the writable database, since a replica may lag
        behind."""
        return self.model._base_manager.using(router.db_for_write(self.model))

    def revoke_rows(self, rows: QuerySet[Any]) -> int:
        """Revoke these rows in a constant number of queries, and return their number."""
        return rows.delete()[1].get(self.model._meta.label, 0)

    def exempt_rows(self) -> Q:
        """Return a condition for the rows that are personal API keys. By default it is all of them,
        if ``LOGOUT["EXEMPT_CREDENTIALS"]`` names this kind, and none otherwise."""
        return ALL if self.name in logout_settings().EXEMPT_CREDENTIALS else ~ALL

    def public_id(self, pk: Any) -> UUID:
        """Return an id that may be shown, derived from a primary key."""
        return bindings.public_id(self.name, pk)

    def _describe(self, row: Any, label: str, **fields: Any) -> Credential:
        created_at = getattr(row, self.created_field)
        about = {"id": self.public_id(row.pk), "kind": self.name, "created_at": created_at}
        return Credential(label=label, **about, **fields)

    def revoke(self, ending: Ending) -> int:
        """Revoke the rows that the ending includes."""
        rows = self._included_rows(ending)
        if rows is None:
            return 0
        if self.excludes_exempt(ending):
            rows = rows.exclude(self.exempt_rows())
        with transaction.atomic(using=rows.db):
            return self.revoke_rows(rows)

    def count_exempt(self, ending: Ending) -> int:
        """Return the number of exempt rows among those that the ending includes."""
        rows = self._included_rows(ending) if self.excludes_exempt(ending) else None
        return 0 if rows is None else rows.filter(self.exempt_rows()).count()

    def list(self, user: Any) -> Sequence[Credential]:
        """Return the user's rows, newest first."""
        return [self.describe(row) for row in self._rows_of([user.pk]).order_by("-pk")]

    def presented(self, request: HttpRequest) -> UUID | None:
        """Return the id of the row in ``request.auth``."""
        auth = getattr(request, "auth", None)
        return self.public_id(auth.pk) if isinstance(auth, self.model) else None

    def owns_model(self, model: type[Model]) -> bool:
        """Return whether the model is the revoker's table."""
        return model is self.model

    def connect(self) -> None:
        """Bind each new row to the session in which it is created."""
        uid = f"django_logout.{self.name}"
        post_save.connect(self._on_save, sender=self.model, weak=False, dispatch_uid=uid)

    def _on_save(self, instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
        if not created or raw:
            return
        session_id = bindings.current_session_id(getattr(instance, f"{self.user_field}_id"))
        if session_id is not None and not bindings.bind_to_session(
            self.name, self.public_id(instance.pk), session_id
        ):
            self.revoke_rows(self.rows().filter(pk=instance.pk))

    def _rows_of(self, user_pks: Collection[Any]) -> QuerySet[Any]:
        return self.rows().filter(**{f"{self.user_field}__in": user_pks})

    def _included_rows(self, ending: Ending) -> QuerySet[Any] | None:
        """Return the rows that an ending includes, or ``None``, without a query, if it cannot
        include any."""
        reach = ending.reach
        if not reach.may_include(self.name):
            return None
        rows = self.rows() if reach.user_pks is None else self._rows_of(reach.user_pks)
        if excluded := reach.excluded(self.name):
            rows = rows.exclude(pk__in=self._pks_of(rows, excluded))
        elif not (reach.users is None or reach.users):
            rows = rows.filter(pk__in=self._pks_of(rows, reach.selected(self.name)))
        if ending.is_retry and self.created_field:
            rows = rows.filter(**{f"{self.created_field}__lte": ending.at})
        return rows

    def _pks_of(self, rows: QuerySet[Any], ids: frozenset[UUID]) -> Collection[Any]:
        pks = rows.order_by().values_list("pk", flat=True)
        return [pk for pk in pks if self.public_id(pk) in ids]
