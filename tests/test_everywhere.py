"""Many users and many sessions at one go: in parts, each as cheap as one ending."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from django_logout import (
    Reason,
    SessionNotEnded,
    Target,
    aend_sessions,
    end_sessions,
    engines,
    gate,
    registry,
    selection,
)
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.signals import session_ended
from tests.counting import cost
from tests.crowds import make_crowd, make_rows
from tests.revokers.kinds import Recorder

pytestmark = pytest.mark.django_db(transaction=True)


def named(*names: str) -> Any:
    """These users."""
    return get_user_model().objects.filter(username__in=names)


def signed_in(user: Any) -> Client:
    """A browser of a user's."""
    client = Client()
    client.force_login(user)
    client.get("/")
    return client


def who(client: Client) -> bytes:
    """Whom a page is served to."""
    return client.get("/").content


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of two, so that few users make many."""
    monkeypatch.setattr(selection, "BATCH", 2)


@pytest.fixture
def recorder(settings: Any, monkeypatch: pytest.MonkeyPatch) -> type[Recorder]:
    """A revoker that remembers what it was asked to end."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.kinds.Recorder"]}
    monkeypatch.setattr(Recorder, "seen", [])
    return Recorder


def test_ten_thousand_users_go_out_in_one_call(user: Any) -> None:
    """Told of as it goes, one event in all; and whoever was not asked for stays."""
    bystander = signed_in(user)
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
    assert Session.objects.count() == (1 if engines.current().model else 0)
    assert who(bystander) == b"user=ann"


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
    browsers = [signed_in(each) for each in (user, user, other)]
    bystander = signed_in(third)

    end_sessions(Target.users(named("ann", "bob")))

    assert [who(each) for each in browsers] == [b"user="] * 3
    assert who(bystander) == b"user=cid"


def test_marks_are_written_in_batches(
    user: Any, other: Any, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache takes so many at a time; none is left out."""
    monkeypatch.setattr(gate, "BATCH", 2)
    browsers = [signed_in(user) for _ in range(5)]

    end_sessions(Target.users(named("ann", "bob")))

    assert [who(each) for each in browsers] == [b"user="] * 5


def test_more_keys_than_a_statement_takes_are_deleted_by_several(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Databases have a limit to the parameters of a statement."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    monkeypatch.setattr(engines, "MOST_KEYS", 10)
    make_rows(user, 25)

    with cost() as found:
        end_sessions(Target.user(user))

    assert not Session.objects.exists()
    assert sum(sql.startswith("DELETE") for sql in found.statements) == 3


@pytest.mark.parametrize(
    "users",
    [
        lambda: named("ann", "bob").order_by("-username"),
        lambda: named("ann", "bob", "cid").order_by("username")[:2],
        lambda: named("ann", "bob").filter(login_sessions__isnull=False),
        lambda: (
            get_user_model().objects.filter(login_sessions__ended_at=None).exclude(username="cid")
        ),
        lambda: named("ann").union(named("bob")),
        lambda: named("ann", "bob").only("username").distinct(),
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


def test_nobody_is_nothing() -> None:
    """No users: nothing ended, nothing on record."""
    told: list[Any] = []
    result = end_sessions(Target.users(named()), progress=lambda *how_far: told.append(how_far))
    assert (result.ended, result.event, result.complete) == ({}, None, True)
    assert end_sessions(Target.sessions([])).event is None
    assert told == [(0, 0)]
    assert not LogoutEvent.objects.exists()
    assert not Cutoff.objects.exists()


def test_users_without_a_known_session_are_on_record_too(user: Any) -> None:
    """Sessions that nobody has seen may have ended: the cut-off refuses them."""
    event = end_sessions(Target.users(named("ann"))).event
    assert event is not None
    assert (event.sessions, event.user) == (0, None)
    assert Cutoff.objects.get().user == user


def test_each_session_is_announced_once(user: Any, other: Any, small_parts: None) -> None:
    """By signal, all with the one event."""
    rows = [*make_rows(user, 3), *make_rows(other, 3)]
    heard = []

    def hear(session: Any, event: Any, **kwargs: Any) -> None:
        heard.append((session.id, event.pk))

    session_ended.connect(hear)
    try:
        result = end_sessions(Target.users(named("ann", "bob")))
        again = end_sessions(Target.sessions([row.pk for row in rows]))
    finally:
        session_ended.disconnect(hear)
    assert result.event is not None
    assert sorted(heard) == sorted((row.pk, result.event.pk) for row in rows)
    assert (again.ended, again.event) == ({}, None)


def test_revokers_are_asked_part_by_part(small_parts: None, recorder: Any) -> None:
    """Each is told of the users and the sessions of its part; the result adds them up."""
    crowd = make_crowd(5, 2)

    result = end_sessions(Target.users(crowd))

    assert [len(seen.sessions) for seen in recorder.seen] == [4, 4, 2]
    assert {seen.id for seen in recorder.seen} == {LogoutEvent.objects.get().pk}
    assert result.ended == {"session": 10, "recorder": 6}
    for seen in recorder.seen:
        assert {session.user_id for session in seen.sessions} == {u.pk for u in seen.target.value}


def test_whom_a_revoker_has_failed_is_on_record(small_parts: None, settings: Any) -> None:
    """Those without a session could not be found again."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.kinds.Broken"]}
    crowd = make_crowd(3, 0)

    result = end_sessions(Target.users(crowd))

    event = LogoutEvent.objects.get()
    assert not result.complete
    assert not event.complete
    entry = event.outcomes["broken"]
    assert (entry["ended"], entry["error"]) == (0, "RuntimeError")
    assert sorted(entry["users"]) == sorted(str(each.pk) for each in crowd)


def test_a_progress_that_raises_stops_nothing(user: Any, other: Any, small_parts: None) -> None:
    """A hook keeps nobody in (design law 4)."""

    def progress(done: int, total: int) -> None:
        raise RuntimeError

    make_crowd(5)
    everybody = get_user_model().objects.all()
    assert end_sessions(Target.users(everybody), progress=progress).ended == {"session": 5}


def test_a_failure_in_the_middle_says_how_far_it_got(
    small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done is done, and on record; trying again does the rest."""
    crowd = make_crowd(5, 2)
    end, calls = registry.end, []

    def flaky(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise DatabaseError
        return end(*args)

    monkeypatch.setattr(registry, "end", flaky)
    with pytest.raises(SessionNotEnded, match=r"^Done for 2 of 5\. Then: .*nothing was changed"):
        end_sessions(Target.users(crowd))
    assert (
        LogoutEvent.objects.get().sessions
        == LoginSession.objects.exclude(ended_at=None).count()
        == 4
    )

    assert end_sessions(Target.users(crowd)).ended == {"session": 6}
    assert not LoginSession.objects.filter(ended_at=None).exists()


def test_a_failure_at_once_has_changed_nothing(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so."""

    def broken(*args: Any) -> Any:
        raise DatabaseError

    make_rows(user, 1)
    monkeypatch.setattr(registry, "end", broken)
    with pytest.raises(SessionNotEnded, match=r"^The sessions could not be ended; nothing"):
        end_sessions(Target.users(named("ann")))


def test_parts_in_somebodys_transaction_stand_and_fall_together(
    small_parts: None, engine: str
) -> None:
    """Rolled back, nothing has ended; committed, all has, and is announced then."""
    crowd = make_crowd(5)
    heard: list[Any] = []

    def hear(session: Any, **kwargs: Any) -> None:
        heard.append(session.id)

    session_ended.connect(hear)
    try:
        with transaction.atomic():
            end_sessions(Target.users(crowd))
            transaction.set_rollback(True)
        assert not LoginSession.objects.exclude(ended_at=None).exists()
        assert not heard
        with transaction.atomic():
            end_sessions(Target.users(crowd))
            assert not heard
    finally:
        session_ended.disconnect(hear)
    assert not LoginSession.objects.filter(ended_at=None).exists()
    assert len(set(heard)) == len(heard) == 5
    assert LogoutEvent.objects.get().sessions == 5


async def test_from_asynchronous_code_too(small_parts: None) -> None:
    """The same, in a thread."""
    from asgiref.sync import sync_to_async

    crowd = await sync_to_async(make_crowd)(3)
    told: list[Any] = []
    result = await aend_sessions(
        Target.users(crowd), progress=lambda *how_far: told.append(how_far)
    )
    assert result.ended == {"session": 3}
    assert told == [(2, 3), (3, 3)]


def test_some_sessions_by_their_ids(user: Any, other: Any, engine: str) -> None:
    """Whoever they belong to; the others of the same users go on."""
    browsers = [signed_in(each) for each in (user, user, other, other)]
    first, _, third, _ = LoginSession.objects.order_by("created_at")

    result = end_sessions(Target.sessions([first.pk, str(third.pk), first.pk]))

    assert result.ended == {"session": 2}
    assert [who(each) for each in browsers] == [b"user=", b"user=ann", b"user=", b"user=bob"]
    event = LogoutEvent.objects.get()
    assert (event.scope, event.user, event.user_label) == ("sessions", None, "")


def test_sessions_of_one_user_in_parts_are_on_record_as_theirs(
    user: Any, other: Any, small_parts: None
) -> None:
    """If all are; a later part of somebody else's takes that back."""
    mine = [row.pk for row in make_rows(user, 3)]
    end_sessions(Target.sessions(mine))
    event = LogoutEvent.objects.get()
    assert (event.user, event.user_label, event.sessions) == (user, "ann", 3)

    mixed = [row.pk for row in [*make_rows(user, 2), *make_rows(other, 1)]]
    end_sessions(Target.sessions(mixed))
    event = LogoutEvent.objects.exclude(pk=event.pk).get()
    assert (event.user, event.user_label, event.sessions) == (None, "", 3)


def test_what_a_queryset_asks_for_is_asked_again(
    user: Any, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that is used while others are being ended for idleness is not idle."""
    monkeypatch.setattr(selection, "BATCH", 1)
    browsers = [signed_in(user) for _ in range(2)]
    long_ago = timezone.now().replace(year=2020)
    LoginSession.objects.update(last_seen_at=long_ago)

    def use(done: int, total: int) -> None:
        if done == 1:
            LoginSession.objects.filter(ended_at=None).update(last_seen_at=timezone.now())

    idle = LoginSession.objects.filter(last_seen_at=long_ago, ended_at=None)
    result = end_sessions(Target.sessions(idle), progress=use)

    assert result.ended == {"session": 1}
    assert sorted(who(each) for each in browsers) == [b"user=", b"user=ann"]


def test_sliced_sessions_end_as_listed(user: Any) -> None:
    """The oldest two of three, say."""
    make_rows(user, 3)
    end_sessions(Target.sessions(LoginSession.objects.order_by("created_at", "pk")[:2]))
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_an_id_that_is_none_is_refused() -> None:
    """As with Target.session()."""
    with pytest.raises(ValueError, match="UUID"):
        Target.sessions(["nonsense"])


def test_everyone_a_second_time_counts_those_who_came_since(user: Any, clock: Any) -> None:
    """Nobody ends twice."""
    for _ in range(2):
        signed_in(user)
        clock.shift(1)
        end_sessions(Target.everyone())
    assert list(LogoutEvent.objects.values_list("sessions", flat=True)) == [1, 1]


def test_whoever_went_with_everyone_does_not_count_again_with_his_own(
    user: Any, engine: str, clock: Any
) -> None:
    """Nor does he keep the signal from those who are ended now."""
    old = signed_in(user)
    clock.shift(1)
    end_sessions(Target.everyone())
    new, heard = signed_in(user), []

    def hear(session: Any, **kwargs: Any) -> None:
        heard.append(session.id)

    session_ended.connect(hear)
    try:
        result = end_sessions(Target.user(user))
    finally:
        session_ended.disconnect(hear)
    assert result.event is not None
    assert result.event.sessions == len(heard) == 1
    assert (who(old), who(new)) == (b"user=", b"user=")


@pytest.mark.parametrize("quicker", [False, True])
def test_what_begins_during_an_ending_is_counted_and_told_of_once(
    user: Any, monkeypatch: pytest.MonkeyPatch, quicker: bool
) -> None:
    """With those that it has found at first; unless another ending of it is quicker."""
    mine, late = signed_in(user), Client()
    find, heard = registry.overlooked, []

    def overlooked(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(registry, "overlooked", find)
        late.force_login(user)
        left = list(LoginSession.objects.filter(ended_at=None).values_list("pk", flat=True))
        if quicker:
            late.post("/accounts/logout/")
        return left

    def hear(session: Any, **kwargs: Any) -> None:
        heard.append(session.id)

    monkeypatch.setattr(registry, "overlooked", overlooked)
    session_ended.connect(hear)
    try:
        result = end_sessions(Target.user(user))
    finally:
        session_ended.disconnect(hear)
    assert result.event is not None
    assert result.event.sessions == (1 if quicker else 2)
    assert len(set(heard)) == len(heard) == 2
    assert (who(mine), who(late)) == (b"user=", b"user=")
