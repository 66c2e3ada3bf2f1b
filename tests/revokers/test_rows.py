"""``ModelRevoker`` revokes the rows that an ending includes, and no exempt ones."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.signals import post_save
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.revokers import bindings
from tests.clients import id_of
from tests.revokers.pickup_codes import PickupCodeRevoker
from tests.urlconf import OUT, routes
from tests.users.models import PickupCode

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "tests.revokers.pickup_codes.PickupCodeRevoker"


@pytest.fixture
def revoker(settings: Any) -> Iterator[PickupCodeRevoker]:
    """Revoke pickup codes, as the project's settings say."""
    settings.LOGOUT = {"REVOKERS": [PATH]}
    revoker = PickupCodeRevoker()
    revoker.connect()
    yield revoker
    post_save.disconnect(sender=PickupCode, dispatch_uid="django_logout.pickup_code")


def order(request: HttpRequest) -> HttpResponse:
    """Create a code for the user of the request."""
    return HttpResponse(PickupCode.objects.create(user=request.user).pk)


def test_row_of_a_session_ends_with_it(
    ann: Client, user: Any, settings: Any, revoker: PickupCodeRevoker
) -> None:
    """A row that was created outside of any session stays."""
    settings.ROOT_URLCONF = routes(order)
    outside = PickupCode.objects.create(user=user)
    inside = int(ann.get(OUT).content)

    assert str(bindings.bound_session_id(revoker.public_id(inside))) == id_of(ann)
    result = end_sessions(Target.session(id_of(ann)))

    assert result.ended == {"session": 1, "pickup_code": 1}
    assert [*PickupCode.objects.values_list("pk", flat=True)] == [outside.pk]


def test_row_of_a_session_that_has_ended_meanwhile_is_revoked_at_once(
    ann: Client, user: Any, settings: Any, revoker: PickupCodeRevoker
) -> None:
    """A request in flight creates it after the logout, when the revoker has already run."""

    def late(request: HttpRequest) -> HttpResponse:
        assert request.user.is_authenticated
        end_sessions(Target.session(id_of(ann)))
        return order(request)

    settings.ROOT_URLCONF = routes(late)
    assert ann.get(OUT).status_code == 200
    assert not PickupCode.objects.exists()


def test_exempt_rows_are_counted_and_stay(
    user: Any, settings: Any, revoker: PickupCodeRevoker
) -> None:
    """Only a target that includes them revokes them."""
    settings.LOGOUT = {"REVOKERS": [PATH], "EXEMPT_CREDENTIALS": ["pickup_code"]}
    PickupCode.objects.create(user=user)

    assert end_sessions(Target.user(user)).exempt == {"pickup_code": 1}
    assert PickupCode.objects.count() == 1
    assert end_sessions(Target.user(user).including_exempt()).ended == {"pickup_code": 1}


def test_rows_of_other_users_are_neither_listed_nor_revoked(
    user: Any, other: Any, revoker: PickupCodeRevoker
) -> None:
    """The id that is listed is not the primary key."""
    mine, further = (PickupCode.objects.create(user=each) for each in (user, other))
    (listed,) = revoker.list(user)
    assert listed.id == revoker.public_id(mine.pk)

    assert end_sessions(Target.credential(user, revoker.public_id(further.pk))).ended == {}
    assert end_sessions(Target.credential(user, listed.id)).ended == {"pickup_code": 1}
    assert PickupCode.objects.get() == further
