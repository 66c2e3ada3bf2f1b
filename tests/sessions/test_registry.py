"""The truth on each session: who it is, whether it is alive, and which were overlooked."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from django_logout import Reason
from django_logout.ending import stragglers
from django_logout.models import LoginSession
from django_logout.sessions import cutoffs, registry
from django_logout.sessions.identity import Identity, identify
from tests.clients import BACKEND, before_us, login_keys
from tests.settings import ENGINES
from tests.user_agents import AGENTS

pytestmark = pytest.mark.django_db(transaction=True)


def row_of(user: Any, **fields: Any) -> LoginSession:
    now = timezone.now()
    defaults = {"created_at": now, "expires_at": now + timedelta(days=1)}
    return LoginSession.objects.create(user=user, **{**defaults, **fields})


def test_a_session_from_before_is_known_by_the_browser_that_shows_it(user: Any) -> None:
    """Its device, its network and its backend, as those of a login."""
    firefox = next(iter(AGENTS))
    before_us(user).get("/", headers={"user-agent": firefox}, REMOTE_ADDR="203.0.113.9")
    row = LoginSession.objects.get()
    assert (row.device, row.user_agent) == ("Firefox on Windows", firefox)
    assert (row.ip_address, row.backend) == ("203.0.113.0", BACKEND)


def test_overlooked_is_what_began_before_and_has_not_ended(user: Any) -> None:
    """This includes sessions of unknown age from before the installation. What had ended
    is known to have, if it is asked for."""
    moment = timezone.now()
    earlier = row_of(user, created_at=moment - timedelta(seconds=1))
    row_of(user, created_at=moment + timedelta(seconds=1))
    ended = row_of(user, created_at=moment - timedelta(seconds=1), ended_at=moment)
    identity = identify(login_keys(user), "key")
    assert identity is not None
    registry.adopt_session(SessionStore("key"), identity)
    every, active = registry.sessions(), registry.is_active()
    found = stragglers.find_among(every.filter(active), moment)
    assert (set(found.missed), found.already_ended) == ({earlier.pk, identity.id}, {})
    assert stragglers.find_among(every.filter(active), moment, adopted_only=True) == (
        [identity.id],
        {},
    )
    lately = stragglers.ended_since(moment, but=uuid4())
    found = stragglers.find_among(every.filter(active | lately), moment)
    assert (set(found.missed), found.already_ended) == (
        {earlier.pk, identity.id},
        {ended.pk: Reason.UNKNOWN},
    )


def identity_of_row(row: Any, **changes: Any) -> Identity:
    """As the data of its session have it."""
    return Identity(row.pk, str(row.user_id), registered=True)._replace(**changes)


@pytest.mark.parametrize("claimed", ["other", "no such key"])
def test_a_session_of_another_user_has_no_new_key(user: Any, other: Any, claimed: str) -> None:
    """One whose data claim this id, because users of the application may write them."""
    row = row_of(user, session_key="key")
    text = str(other.pk) if claimed == "other" else claimed
    claim = identity_of_row(row, user_id=text)
    assert not registry.record_new_key(claim, SessionStore("a-new-key"), before="key")
    assert registry.false_claims([claim]) == {row.pk}
    assert registry.false_claims([identity_of_row(row)]) == set()


def test_the_key_of_before_the_last_rotation_still_leads_to_the_session(
    user: Any, settings: Any
) -> None:
    """The key is stored so that the content of the table cannot be used to log in."""
    settings.SESSION_ENGINE = ENGINES["db"]
    row = row_of(user)
    assert registry.record_new_key(
        identity_of_row(row), SessionStore("a-new-key"), before="an-old-key"
    )
    assert registry.ids_by_previous_key("an-old-key") == [row.pk]
    assert registry.ids_by_previous_key("a-new-key") == [
        row.pk
    ]  # asked only if the engine knows it no more
    row.refresh_from_db()
    assert row.session_key == "a-new-key"
    assert "an-old-key" not in str(row.rotated_from)


def test_a_session_that_has_ended_has_no_new_key(user: Any) -> None:
    """One conditional UPDATE: a rotation and an ending cannot both win."""
    row = row_of(user, ended_at=timezone.now(), session_key="key")
    assert not registry.record_new_key(
        identity_of_row(row), SessionStore("a-new-key"), before="key"
    )
    row.refresh_from_db()
    assert row.session_key == "key"


def test_session_ended_with_everyones_has_no_new_key(user: Any) -> None:
    """It is not marked itself, and has ended all the same."""
    row = row_of(user, session_key="key")
    cutoffs.cut_off([None], before=timezone.now(), reason="command")
    assert not registry.record_new_key(
        identity_of_row(row), SessionStore("a-new-key"), before="key"
    )
