"""What ``django_logout.testing`` gives to the tests of others: it has to notice what is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import SkipTest

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, TransactionTestCase, override_settings
from django.urls import path

from django_logout.testing import RevokerContract, assert_logged_out, copy_client
from tests.pages import LOGOUT
from tests.revokers import pickups
from tests.urls import urlpatterns as ours
from tests.users.models import PickupCode


def order(request: HttpRequest) -> HttpResponse:
    """A page of the shop."""
    return HttpResponse(PickupCode.objects.create(user=request.user).code)


urlpatterns = [path("order/", order), *ours]


class Pickups(RevokerContract):
    """How its credentials are made and tried."""

    revoker = pickups.PickupCodeRevoker
    many = 40

    def make(self, user: Any) -> str:
        return str(PickupCode.objects.create(user=user).code)

    def make_in_session(self, client: Client) -> str:
        return client.get("/order/").content.decode()

    def works(self, credential: str) -> bool:
        return PickupCode.objects.filter(code=credential).exists()


@contextmanager
def listed(revoker: Any) -> Iterator[None]:
    """The project lists it."""
    path = f"{revoker.__module__}.{revoker.__qualname__}"
    revoker().connect()
    with override_settings(ROOT_URLCONF=__name__, LOGOUT={"REVOKERS": [path]}):
        yield


class PickupCodeTests(Pickups, TransactionTestCase):
    """As it stands in the documentation: with Django's own test case."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.enterClassContext(listed(cls.revoker))


class ProgramsOnlyTests(Pickups, TransactionTestCase):
    """Credentials that no session gives, and of which one is not told from another."""

    make_in_session = RevokerContract.make_in_session
    make_many = RevokerContract.make_many
    many = 3

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.enterClassContext(listed(cls.revoker))


WRONG = {
    "everywhere_ends_one_users": "EndsNothing EndsEverybodys CountsTwice",
    "everyones_end": "EndsNothing",
    "ends_with_the_session_it_was_obtained_in": "EndsNothing EndsEverybodys",
    "stays_when_the_others_end": "EndsNothing EndsEverybodys",
    "one_ends_by_its_id": "EndsNothing EndsEverybodys ChangesIds",
    "a_failure_keeps_nobody_in_and_is_made_good": "EndsNothing EndsWhatIsNew",
    "nothing_secret_is_shown": "TellsTheCode",
    "api_keys_are_spared": "SparesNothing",
    "as_many_queries_for_many_as_for_one": "TakesThemOneByOne",
    "it_is_in_order": "Nameless Complains",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("test", "wrong"), [(test, wrong) for test in WRONG for wrong in WRONG[test].split()]
)
def test_what_is_wrong_is_noticed(test: str, wrong: str) -> None:
    """By the test that is about it."""
    contract = Pickups()
    contract.revoker = getattr(pickups, wrong)
    with listed(contract.revoker), pytest.raises(AssertionError):
        getattr(contract, f"test_{test}")()


@pytest.mark.django_db(transaction=True)
def test_a_contract_has_to_be_told_how(user: Any) -> None:
    """What it cannot know it asks for; sessions may have nothing to do with it."""
    for wanted in (RevokerContract().make, RevokerContract().works):
        with pytest.raises(NotImplementedError):
            wanted(user)
    with pytest.raises(SkipTest):
        RevokerContract().make_in_session(Client())


@pytest.mark.django_db(transaction=True)
def test_a_browser_and_the_copy_of_its_cookies(ann: Client) -> None:
    """Logged in, then not; on any engine."""
    thief = copy_client(ann)
    for client in (ann, thief):
        with pytest.raises(AssertionError, match="still takes this client for ann"):
            assert_logged_out(client)
    ann.post(LOGOUT)
    for client in (ann, thief, Client()):
        assert_logged_out(client)
