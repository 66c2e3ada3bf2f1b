"""Accounts that change: their sessions end at once, with a reason, and not when they return."""

from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client

from django_logout.guard.install import session_state
from django_logout.models import LoginSession, LogoutEvent
from django_logout.signals import session_ended

PRIVATE = "/private/"


def logged_in_clients(user: Any, count: int = 2) -> list[Client]:
    """Browsers of one user."""
    browsers = [Client() for _ in range(count)]
    for browser in browsers:
        browser.force_login(user)
    return browsers


def served(browser: Client) -> bool:
    """Return whether this browser is still logged in."""
    return browser.get(PRIVATE).status_code == 200


def alive(user: Any) -> int:
    """How many sessions of his the registry believes in."""
    return LoginSession.objects.filter(user=user, ended_at=None).count()


@pytest.fixture
def told() -> Any:
    """What receivers of ``session_ended`` hear."""
    heard: list[tuple[Any, str]] = []

    def hear(session: Any, reason: str, **kwargs: Any) -> None:
        heard.append((session.user_id, reason))

    session_ended.connect(hear)
    yield heard
    session_ended.disconnect(hear)


CHANGES = {
    "password_changed": lambda user: user.set_password("new"),
    "disabled": lambda user: setattr(user, "is_active", False),
}


@pytest.mark.parametrize("reason", CHANGES)
def test_a_change_by_others_ends_all(
    engine: str, user: Any, other: Any, told: Any, reason: str
) -> None:
    """From a shell or by an administrator: every session of the user, at once, and no other
    user's."""
    browsers, elsewhere = logged_in_clients(user), logged_in_clients(other, 1)
    CHANGES[reason](user)
    with transaction.atomic():
        user.save()
    assert alive(user) == 0
    assert LogoutEvent.objects.get().reason == reason
    assert [served(browser) for browser in browsers] == [False, False]
    assert served(elsewhere[0])
    assert LogoutEvent.objects.get().sessions == 2, "nothing was left for their next request"


def test_a_late_save_after_a_change_by_others_brings_nothing_back(engine: str, user: Any) -> None:
    """The stored data are kept, so the save of a request in flight may succeed; the next is
    refused."""
    (here,) = logged_in_clients(user, 1)
    session = import_module(django_settings.SESSION_ENGINE).SessionStore(
        here.cookies["sessionid"].value
    )
    session_state(session)
    session["count"] = 1
    user.set_password("new")
    user.save()
    with suppress(UpdateError):
        session.save()
    user.set_password("pw")  # so that only the registry can refuse the session
    user.save()
    later = import_module(django_settings.SESSION_ENGINE).SessionStore(
        here.cookies["sessionid"].value
    )
    session_state(later)
    assert dict(later.items()) == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reason", [*CHANGES, "deleted"])
def test_receivers_are_told_of_each_session_after_the_commit(
    engine: str, user: Any, told: Any, reason: str
) -> None:
    """Before their browsers come back, and not before it is true."""
    logged_in_clients(user)
    pk = user.pk
    with transaction.atomic():
        if reason == "deleted":
            user.delete()
        else:
            CHANGES[reason](user)
            user.save()
        assert told == []
    assert told == [(pk, reason)] * 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reason", [*CHANGES, "deleted"])
def test_a_change_that_is_rolled_back_ends_nothing(engine: str, user: Any, reason: str) -> None:
    """Neither in the registry nor in the cache."""
    (browser,) = logged_in_clients(user, 1)
    with transaction.atomic():
        if reason == "deleted":
            user.delete()
        else:
            CHANGES[reason](user)
            user.save()
        transaction.set_rollback(True)
    assert served(browser)
    assert not LogoutEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_deleted_accounts_leave_a_record_of_their_name(engine: str, user: Any) -> None:
    """The rows of the sessions go with the account; the event stays."""
    (browser,) = logged_in_clients(user, 1)
    user.delete()
    event = LogoutEvent.objects.get()
    assert (event.reason, event.user_label, event.user, event.sessions) == (
        "deleted",
        "ann",
        None,
        1,
    )
    assert not LoginSession.objects.exists()
    assert not Session.objects.exists()
    assert not served(browser)


def test_deleting_many_gives_each_their_event(engine: str, user: Any, other: Any) -> None:
    """A queryset's delete() sends signals, too."""
    logged_in_clients(user, 1)
    logged_in_clients(other, 2)
    get_user_model().objects.all().delete()
    assert set(LogoutEvent.objects.values_list("user_label", "sessions")) == {
        ("ann", 1),
        ("bob", 2),
    }


@pytest.mark.parametrize("fields", [["last_login"], ["email"], []])
def test_saves_that_cannot_matter_cost_nothing(
    user: Any, django_assert_num_queries: Any, fields: list[str]
) -> None:
    """A login's own update among them."""
    user.set_password("not to be written")
    with django_assert_num_queries(len(fields)):
        user.save(update_fields=fields)
    assert not LogoutEvent.objects.exists()


def test_what_was_not_loaded_is_not_written(user: Any, django_assert_num_queries: Any) -> None:
    """And so it need not be compared."""
    partial = get_user_model().objects.defer("password", "is_active").get(pk=user.pk)
    with django_assert_num_queries(1):
        partial.save()


def test_other_saves_cost_one_small_query(user: Any, django_assert_num_queries: Any) -> None:
    """And end nothing."""
    logged_in_clients(user, 1)
    user.refresh_from_db()
    user.email = "ann@example.org"
    with django_assert_num_queries(2) as captured:
        user.save()
    columns, _, _ = captured.captured_queries[0]["sql"].partition(" FROM ")
    assert columns.count(",") == 2, "key, password, is_active"
    assert alive(user) == 1
