"""``manage.py logout retry``: targets that need more than the rows of the event."""

from typing import Any, ClassVar
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.ending import selection
from django_logout.enums import Scope
from django_logout.models import LogoutEvent
from django_logout.revokers.base import Revoker
from django_logout.types import Ending
from tests.factories import make_rows
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)


class Shaky(Revoker):
    """A revoker whose service is down."""

    name = "shaky"
    down: ClassVar[bool] = True
    seen: ClassVar[list[Ending]] = []

    def revoke(self, ending: Ending) -> int:
        if self.down:
            raise ConnectionError
        self.seen.append(ending)
        return 1


class Sparing(Revoker):
    """A revoker that leaves one key alone on each call."""

    name = "sparing"

    def revoke(self, ending: Ending) -> int:
        return 0

    def count_exempt(self, ending: Ending) -> int:
        return 1


@pytest.fixture(autouse=True)
def shaky(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring the service down."""
    settings.LOGOUT = {"REVOKERS": [f"{__name__}.Shaky"]}
    monkeypatch.setattr(Shaky, "down", True)
    monkeypatch.setattr(Shaky, "seen", [])


def test_one_token(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event holds the token's id."""
    target = Target.credential(user, uuid4())
    assert end_sessions(target).failed == ("shaky",)
    monkeypatch.setattr(Shaky, "down", False)
    run("retry", "--now")
    (again,) = Shaky.seen
    assert again.target == target
    assert LogoutEvent.objects.get().complete


def test_the_others(ann: Client, user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The target has the user who ended them."""
    make_rows(user, 1)
    ann.post("/accounts/sessions/end-others/")
    monkeypatch.setattr(Shaky, "down", False)
    run("retry", "--now")
    (again,) = Shaky.seen
    assert (again.target.scope, again.target.value.user) == (Scope.OTHERS, user)
    assert again.is_retry
    assert LogoutEvent.objects.get().complete


def test_exempt_keys_of_all_batches_are_counted(
    user: Any, other: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are two users, each in a batch."""
    settings.LOGOUT = {"REVOKERS": [f"{__name__}.Sparing"]}
    monkeypatch.setattr(selection, "BATCH", 1)
    result = end_sessions(Target.users(get_user_model().objects.all()))
    assert dict(result.exempt) == {"sparing": 2}
    assert LogoutEvent.objects.get().outcomes["sparing"] == {"ended": 0, "error": "", "exempt": 2}
