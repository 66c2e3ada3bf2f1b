"""Many users and many sessions in one call: in batches, each as cheap as one ending."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import AsyncClient

from django_logout import Reason, Target, aend_sessions, end_sessions
from django_logout.ending import selection
from django_logout.guard import status_cache
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.sessions import engines
from django_logout.signals import session_ended
from tests.clients import active_client, home_page
from tests.factories import make_crowd, make_rows, users_named
from tests.query_counts import cost

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.slow
def test_ten_thousand_users_go_out_in_one_call(user: Any) -> None:
    """Progress is reported, there is one event, and users who were not selected stay logged in."""
    bystander = active_client(user)
    crowd, told = make_crowd(10_000), []

    result = end_sessions(
        Target.users(crowd), reason=Reason.ADMIN, progress=lambda *how_far: told.append(how_far)
    )

    assert result.ended == {"session": 10_000}
    assert told == [(done, 10_000) for done in range(1000, 10_001, 1000)]
    event = LogoutEvent.objects.get()
    assert (event.sessions, event.scope, event.user, event.complete) == (
        10_000,
        "users",
        None,
        True,
    )
    assert event.outcomes["session"] == {"ended": 10_000, "error": ""}
    assert result.event == event
    ended = LoginSession.objects.filter(event=event, ended_at__isnull=False)
    assert ended.count() == 10_000
    assert Session.objects.count() == (1 if engines.current_engine().model else 0)
    assert home_page(bystander) == b"user=ann"


def test_statements_grow_with_the_parts_and_not_with_the_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One user costs what a whole part does; each further part costs the same again."""
    monkeypatch.setattr(selection, "BATCH", 100)

    def statements(users: int) -> int:
        crowd = make_crowd(users, 3)
        with cost() as found:
            end_sessions(Target.users(crowd))
        return len(found.statements)

    listing, one = 1, statements(1)
    assert one == statements(100) <= 11
    assert statements(300) == listing + 3 * (one - listing)


def test_users_are_out_on_every_engine(user: Any, other: Any, engine: str) -> None:
    """Both of two, with all their browsers; not the third."""
    third = get_user_model().objects.create_user("cid")
    browsers = [active_client(each) for each in (user, user, other)]
    bystander = active_client(third)

    end_sessions(Target.users(users_named("ann", "bob")))

    assert [home_page(each) for each in browsers] == [b"user="] * 3
    assert home_page(bystander) == b"user=cid"


def test_marks_are_written_in_batches(
    user: Any, other: Any, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache takes so many at a time; none is left out."""
    monkeypatch.setattr(status_cache, "BATCH", 2)
    browsers = [active_client(user) for _ in range(5)]

    end_sessions(Target.users(users_named("ann", "bob")))

    assert [home_page(each) for each in browsers] == [b"user="] * 5


def test_more_keys_than_a_statement_takes_are_deleted_by_several(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Databases have a limit to the parameters of a statement."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    monkeypatch.setattr(engines, "MOST_KEYS", 10)
    make_rows(user, 25)

    with cost() as found:
        end_sessions(Target.users(users_named(user.username)))

    assert not Session.objects.exists()
    assert sum(sql.startswith("DELETE") for sql in found.statements) == 3


@pytest.mark.parametrize(
    "users",
    [
        lambda: users_named("ann", "bob").order_by("-username"),
        lambda: users_named("ann", "bob", "cid").order_by("username")[:2],
        lambda: users_named("ann", "bob").filter(login_sessions__isnull=False),
        lambda: (
            get_user_model().objects.filter(login_sessions__ended_at=None).exclude(username="cid")
        ),
        lambda: users_named("ann").union(users_named("bob")),
        lambda: users_named("ann", "bob").only("username").distinct(),
    ],
    ids=["ordered", "sliced", "joined", "asks for the living", "union", "distinct"],
)
def test_any_queryset_of_users_will_do(
    user: Any, other: Any, users: Any, small_parts: None, recorder: Any
) -> None:
    """They are listed before the first is ended, each once."""
    third = get_user_model().objects.create_user("cid")
    for each in (user, user, other, third):
        make_rows(each, 1)

    result = end_sessions(Target.users(users()))

    assert result.ended["session"] == 3
    assert LoginSession.objects.get(ended_at=None).user == third
    asked = [each.username for seen in recorder.seen for each in seen.target.value]
    assert sorted(asked) == ["ann", "bob"]
    assert Cutoff.objects.count() == 2


def test_empty_queryset_of_users_ends_nothing() -> None:
    """No users: nothing ended, nothing on record."""
    told: list[Any] = []
    result = end_sessions(
        Target.users(users_named()), progress=lambda *how_far: told.append(how_far)
    )
    assert (result.ended, result.event, result.complete) == ({}, None, True)
    assert end_sessions(Target.sessions([])).event is None
    assert told == [(0, 0)]
    assert not LogoutEvent.objects.exists()
    assert not Cutoff.objects.exists()


def test_users_without_a_known_session_are_recorded(user: Any) -> None:
    """Sessions that were never registered may have ended: the cutoff refuses them."""
    event = end_sessions(Target.users(users_named("ann"))).event
    assert event is not None
    assert (event.sessions, event.user) == (0, None)
    assert Cutoff.objects.get().user == user


def test_everyone_a_second_time_counts_those_who_came_since(user: Any, clock: Any) -> None:
    """No session ends twice."""
    for _ in range(2):
        active_client(user)
        clock.shift(1)
        end_sessions(Target.everyone())
    assert list(LogoutEvent.objects.values_list("sessions", flat=True)) == [1, 1]


def test_session_ended_with_everyones_is_not_counted_again(
    user: Any, engine: str, clock: Any
) -> None:
    """Nor does he keep the signal from those who are ended now."""
    old = active_client(user)
    clock.shift(1)
    end_sessions(Target.everyone())
    new, heard = active_client(user), []

    def hear(session: Any, **kwargs: Any) -> None:
        heard.append(session.id)

    session_ended.connect(hear)
    try:
        result = end_sessions(Target.user(user))
    finally:
        session_ended.disconnect(hear)
    assert result.event is not None
    assert result.event.sessions == len(heard) == 1
    assert (home_page(old), home_page(new)) == (b"user=", b"user=")


@pytest.mark.parametrize("reason", ["incident-4711", None])
def test_why_everyone_has_been_logged_out(user: Any, engine: str, reason: str | None) -> None:
    """What was given goes to each browser; without it, that it was everyone is why."""
    browser = active_client(user)

    end_sessions(Target.everyone(), **({"reason": reason} if reason else {}))

    answer = browser.get("/accounts/session/", headers={"accept": "application/json"})
    assert answer.json()["reason"] == (reason or Reason.CUTOFF)


async def test_why_everyone_has_been_logged_out_under_asgi(user: Any, engine: str) -> None:
    """The same."""
    browser = AsyncClient()
    await browser.aforce_login(user)

    await aend_sessions(Target.everyone(), reason="incident-4711")

    answer = await browser.get("/accounts/session/", headers={"accept": "application/json"})
    assert answer.json()["reason"] == "incident-4711"


def test_unsaved_users_have_no_sessions(user: Any) -> None:
    """A user who has not been saved owns no session."""
    browser = active_client(user)
    unsaved = type(user)()
    if unsaved.pk is None:
        assert end_sessions(Target.user(unsaved)).event is None
    assert home_page(browser) == b"user=ann"
    assert not LogoutEvent.objects.exists()
