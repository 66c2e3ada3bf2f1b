"""Prepared SQL does the same as Django would, and receivers of its signals are called."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError
from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.models import LogoutEvent
from django_logout.sessions.registry import database
from django_logout.sessions.sql import insert
from tests.clients import copy_of, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)

Hear = Callable[[Any, type[Model]], list[Any]]


@pytest.fixture
def hear() -> Iterator[Hear]:
    """Listen to a signal of a model: gives what is heard."""
    connected = []

    def listen(signal: Any, sender: type[Model]) -> list[Any]:
        heard: list[Any] = []

        def on_signal(instance: Any, **kwargs: Any) -> None:
            heard.append(instance.pk)

        signal.connect(on_signal, sender=sender, weak=False)
        connected.append((signal, on_signal, sender))
        return heard

    yield listen
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)


@pytest.fixture
def _rows(settings: Any) -> None:
    """Sessions are rows."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"


@pytest.mark.usefixtures("_rows")
@pytest.mark.parametrize("signal", [pre_delete, post_delete], ids=["pre_delete", "post_delete"])
def test_receivers_of_session_rows_get_each_deletion(user: Any, hear: Hear, signal: Any) -> None:
    """As with Django alone."""
    ann = Client()
    ann.force_login(user)
    key = ann.cookies["sessionid"].value
    heard = hear(signal, Session)
    ann.post("/accounts/logout/")
    assert heard == [key]


@pytest.mark.usefixtures("_rows")
@pytest.mark.parametrize("count", [1, 2, 11])
def test_rows_of_all_sessions_are_deleted(user: Any, count: int) -> None:
    """All of the user's, and no other row."""
    devices = [Client() for _ in range(count)]
    for device in devices:
        device.force_login(user)
    guest = Client()
    guest.get("/write/")
    thieves = [copy_of(device) for device in devices]

    event = end_sessions(Target.user(user)).event
    assert event is not None
    assert event.sessions == count

    assert [row.session_key for row in Session.objects.all()] == [guest.cookies["sessionid"].value]
    assert {logged_in_as(each) for each in (*devices, *thieves)} == {""}


@pytest.mark.parametrize("signal", [pre_save, post_save], ids=["pre_save", "post_save"])
def test_receivers_of_events_get_each(user: Any, hear: Hear, signal: Any) -> None:
    """As with ``save()``, such as an app that keeps a history of rows."""
    heard = hear(signal, LogoutEvent)
    event = end_sessions(Target.user(user)).event
    assert event is not None
    assert heard == [event.pk]


def test_row_is_inserted_as_by_save(user: Any) -> None:
    """With the same values, of each kind of field, and once."""
    facts: dict[str, Any] = {
        "reason": "100 % of %s",
        "scope": "user",
        "user": user,
        "user_label": "ann",
        "sessions": 2,
        "complete": True,
        "outcomes": {"session": {"ended": 2, "error": "%(é)s"}},
        "ip_address": "2001:db8::1",
    }
    saved, inserted = LogoutEvent(**facts), LogoutEvent(**facts)
    inserted.created_at = saved.created_at
    saved.save(using=database(), force_insert=True)
    insert(inserted, database())
    assert (inserted._state.adding, inserted._state.db) == (False, database())
    rows = {row.pop("id"): row for row in LogoutEvent.objects.values()}
    assert rows[inserted.pk] == rows[saved.pk]
    assert inserted.actor_id is None
    with pytest.raises(IntegrityError):
        insert(inserted, database())
