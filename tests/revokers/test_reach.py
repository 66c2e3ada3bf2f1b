"""The credentials beside the sessions that each target includes."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory

from django_logout import Target, end_sessions
from django_logout.revokers import bindings
from django_logout.types import Reach
from tests.clients import browser, id_of
from tests.factories import make_rows
from tests.revokers.failing_revokers import Recorder

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reach_of(recorder: type[Recorder], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that ends a target, and returns what the revokers are given as its reach."""
    monkeypatch.setattr(recorder, "needs_reach", True)

    def end(target: Target) -> Reach:
        end_sessions(target)
        reach: Reach = recorder.seen[-1].reach
        return reach

    return end


def test_users_and_everyone_include_all(user: Any, other: Any, reach_of: Any) -> None:
    """No binding is looked up."""
    make_rows(user, 1)
    make_rows(other, 1)
    assert reach_of(Target.user(user)).user_pks == {user.pk}
    assert reach_of(Target.users(get_user_model().objects.all())).user_pks == {user.pk, other.pk}
    everyone = reach_of(Target.everyone())
    assert everyone.user_pks is None
    assert everyone.includes("token", uuid4())


def test_one_session_includes_its_own_credentials(user: Any, reach_of: Any) -> None:
    """A credential of another session of the same user stays valid."""
    first, second = make_rows(user, 2)
    mine, further = uuid4(), uuid4()
    bindings.bind_to_session("token", mine, first.pk)
    bindings.bind_to_session("token", further, second.pk)

    reach = reach_of(Target.session(first.pk))

    assert reach.user_pks == {user.pk}
    assert reach.includes("token", mine)
    assert not reach.includes("token", further)
    assert not reach.includes("another kind", mine)


def test_other_sessions_exclude_the_credentials_of_this_one(user: Any, reach_of: Any) -> None:
    """Those without a session are included, since they may be an attacker's."""
    client: Client = browser(user)
    here, nowhere = uuid4(), uuid4()
    bindings.bind_to_session("token", here, id_of(client))
    request: Any = RequestFactory().get("/")
    request.session, request.user = client.session, user
    request.COOKIES["sessionid"] = client.cookies["sessionid"].value
    make_rows(user, 1)

    reach = reach_of(Target.others(request))

    assert not reach.includes("token", here)
    assert reach.includes("token", nowhere)


def test_one_credential_is_selected_whatever_its_kind(user: Any, reach_of: Any) -> None:
    """The page of sessions names it by its id alone."""
    chosen = uuid4()
    reach = reach_of(Target.credential(user, chosen))
    assert reach.includes("token", chosen)
    assert not reach.includes("token", uuid4())
    assert reach.may_include("token")
