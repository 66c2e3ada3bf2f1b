"""``RevokerContract`` fails for faulty revokers, and ``assert_logged_out`` for active sessions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import SkipTest

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, TransactionTestCase, override_settings
from django.urls import path

from django_logout.testing import RevokerContract
from tests.revokers import pickup_codes
from tests.urls import urlpatterns as ours
from tests.users.models import PickupCode


def order(request: HttpRequest) -> HttpResponse:
    """Create a pickup code in the session of the request."""
    return HttpResponse(PickupCode.objects.create(user=request.user).code)


urlpatterns = [path("order/", order), *ours]


class Pickups(RevokerContract):
    """How pickup codes are created and used."""

    revoker = pickup_codes.PickupCodeRevoker
    many = 40

    def make(self, user: Any) -> str:
        return str(PickupCode.objects.create(user=user).code)

    def make_in_session(self, client: Client) -> str:
        return client.get("/order/").content.decode()

    def works(self, credential: str) -> bool:
        return PickupCode.objects.filter(code=credential).exists()


@contextmanager
def listed(revoker: Any) -> Iterator[None]:
    """List a revoker in the settings of the project."""
    path = f"{revoker.__module__}.{revoker.__qualname__}"
    revoker().connect()
    with override_settings(ROOT_URLCONF=__name__, LOGOUT={"REVOKERS": [path]}):
        yield


class PickupCodeTests(Pickups, TransactionTestCase):
    """The example of the documentation, with Django's own test case."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.enterClassContext(listed(cls.revoker))


class ProgramsOnlyTests(Pickups, TransactionTestCase):
    """Credentials that are not obtained in sessions, with the defaults of the contract."""

    make_in_session = RevokerContract.make_in_session
    make_many = RevokerContract.make_many
    many = 3

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.enterClassContext(listed(cls.revoker))


FAULTY = {
    "everywhere_revokes_all_of_one_user": "EndsNothing EndsAllUsers CountsTwice",
    "everyone_revokes_all": "EndsNothing",
    "revoked_with_the_session_it_was_obtained_in": "EndsNothing EndsAllUsers",
    "survives_if_the_others_end": "EndsNothing EndsAllUsers",
    "revoked_by_id": "EndsNothing EndsAllUsers ChangesIds",
    "failure_ends_sessions_and_is_retried": "EndsNothing RetryRevokesNewer",
    "no_secret_is_shown": "ShowsSecret",
    "exempt_credentials_survive": "ExemptsNothing",
    "number_of_queries_is_constant": "DeletesOneByOne",
    "name_and_checks": "Nameless FailsCheck",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("test", "faulty"), [(test, faulty) for test in FAULTY for faulty in FAULTY[test].split()]
)
def test_contract_fails_for_faulty_revoker(test: str, faulty: str) -> None:
    """The test that is about the fault notices it."""
    contract = Pickups()
    contract.revoker = getattr(pickup_codes, faulty)
    with listed(contract.revoker), pytest.raises(AssertionError):
        getattr(contract, f"test_{test}")()


@pytest.mark.django_db(transaction=True)
def test_contract_requires_make_and_works(user: Any) -> None:
    """Credentials need not be obtained in sessions, so ``make_in_session`` is optional."""
    for method in (RevokerContract().make, RevokerContract().works):
        with pytest.raises(NotImplementedError):
            method(user)
    with pytest.raises(SkipTest):
        RevokerContract().make_in_session(Client())
