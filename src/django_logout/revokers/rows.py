"""Credentials that are rows of a table with a user: what most revokers are made of."""

from __future__ import annotations

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
    """Revokes rows: all of a user's, those that were obtained in a session, or one.

    What a request makes that is logged in by a session is tied to that session, if it is saved one
    by one (``bulk_create`` sends no signals), and ends with it.
    """

    model: type[Model]
    "The table."

    user_field = "user"
    "The field with the owner."
    created_field = ""
    "The field that says when a row was made, if there is one: needed for later tries to be exact."

    needs_reach = True

    @abstractmethod
    def describe(self, row: Any) -> Credential:
        """A row, as its owner may see it; :meth:`public_id` gives the id."""

    def rows(self) -> QuerySet[Any]:
        """All rows that let somebody in now (never a replica's, which may be late)."""
        return self.model._base_manager.using(router.db_for_write(self.model))

    def revoke_rows(self, rows: QuerySet[Any]) -> int:
        """Revoke these, in a constant number of queries, and say how many they were."""
        return rows.delete()[1].get(self.model._meta.label, 0)

    def exempt_rows(self) -> Q:
        """Which rows are personal API keys. By default all or none, as the project's
        ``LOGOUT["EXEMPT_CREDENTIALS"]`` has it."""
        return ALL if self.name in logout_settings().EXEMPT_CREDENTIALS else ~ALL

    def public_id(self, pk: Any) -> UUID:
        """The id that may be shown."""
        return bindings.public_id(self.name, pk)

    def revoke(self, ending: Ending) -> int:
        """Revoke the rows that the ending reaches."""
        rows = self._reached(ending)
        if rows is None:
            return 0
        if self.excludes_exempt(ending):
            rows = rows.exclude(self.exempt_rows())
        with transaction.atomic(using=rows.db):
            return self.revoke_rows(rows)

    def count_exempt(self, ending: Ending) -> int:
        """Count the keys that were left alone."""
        rows = self._reached(ending) if self.excludes_exempt(ending) else None
        return 0 if rows is None else rows.filter(self.exempt_rows()).count()

    def list(self, user: Any) -> Sequence[Credential]:
        """The user's rows."""
        return [self.describe(row) for row in self._of([user.pk]).order_by("-pk")]

    def presented(self, request: HttpRequest) -> UUID | None:
        """The row in ``request.auth``."""
        auth = getattr(request, "auth", None)
        return self.public_id(auth.pk) if isinstance(auth, self.model) else None

    def owns_model(self, model: type[Model]) -> bool:
        """The table."""
        return model is self.model

    def connect(self) -> None:
        """Notice what is made in a session."""
        uid = f"django_logout.{self.name}"
        post_save.connect(self._made, sender=self.model, weak=False, dispatch_uid=uid)

    def _made(self, sender: Any, instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
        if not created or raw:
            return
        session_id = bindings.current_session_id(getattr(instance, f"{self.user_field}_id"))
        if session_id is not None and not bindings.bind(self.name, instance.pk, session_id):
            self.revoke_rows(self.rows().filter(pk=instance.pk))

    def _of(self, users: Collection[Any]) -> QuerySet[Any]:
        return self.rows().filter(**{f"{self.user_field}__in": users})

    def _reached(self, ending: Ending) -> QuerySet[Any] | None:
        """The rows; ``None``, without a query, where there can be none."""
        reach = ending.reach
        if not reach.may_include(self.name):
            return None
        rows = self.rows() if reach.user_pks is None else self._of(reach.user_pks)
        if spared := reach.excluded(self.name):
            rows = rows.exclude(pk__in=self._known_by(rows, spared))
        elif not (reach.users is None or reach.users):
            rows = rows.filter(pk__in=self._known_by(rows, reach.selected(self.name)))
        if ending.is_retry and self.created_field:
            rows = rows.filter(**{f"{self.created_field}__lte": ending.at})
        return rows

    def _known_by(self, rows: QuerySet[Any], ids: frozenset[UUID]) -> Collection[Any]:
        keys = rows.order_by().values_list("pk", flat=True)
        return [pk for pk in keys if self.public_id(pk) in ids]
