"""A revoker as a project writes it, and faulty variants of it for the tests of the contract."""

from typing import Any
from uuid import uuid4

from django.core.checks import Warning
from django.db.models import Q

from django_logout.revokers.rows import ModelRevoker
from django_logout.types import Credential, Ending
from tests.users.models import PickupCode


class PickupCodeRevoker(ModelRevoker):
    """The example of the documentation."""

    name = "pickup_code"
    model = PickupCode
    created_field = "created_at"

    def describe(self, row: Any) -> Credential:
        return Credential(
            id=self.public_id(row.pk),
            kind=self.name,
            label="Pickup code",
            created_at=row.created_at,
        )


class EndsNothing(PickupCodeRevoker):
    def revoke(self, ending: Ending) -> int:
        return 0


class EndsAllUsers(PickupCodeRevoker):
    def revoke(self, ending: Ending) -> int:
        return self.revoke_rows(self.rows())


class RetryRevokesNewer(PickupCodeRevoker):
    """Does not know when a row was created."""

    created_field = ""


class CountsTwice(PickupCodeRevoker):
    def revoke(self, ending: Ending) -> int:
        return 2 * super().revoke(ending)


class DeletesOneByOne(PickupCodeRevoker):
    def revoke_rows(self, rows: Any) -> int:
        return sum(row.delete()[0] for row in rows)


class ShowsSecret(PickupCodeRevoker):
    def describe(self, row: Any) -> Credential:
        return Credential(id=self.public_id(row.pk), kind=self.name, label=f"Code {row.code}")


class ChangesIds(PickupCodeRevoker):
    def describe(self, row: Any) -> Credential:
        return Credential(id=uuid4(), kind=self.name, label="Pickup code")


class ExemptsNothing(PickupCodeRevoker):
    def exempt_rows(self) -> Q:
        return Q(pk__in=())


class Nameless(PickupCodeRevoker):
    name = ""


class FailsCheck(PickupCodeRevoker):
    def check(self) -> list[Any]:
        return [Warning("The pickup desk is closed.")]
