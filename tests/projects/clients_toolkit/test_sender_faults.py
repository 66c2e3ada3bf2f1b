"""What could hold up the deliveries of others, or tell an application twice: backlogs, clocks, errors, outages."""

import time
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.federation import client_links, outbox, sender
from django_logout.federation.fetch import Answer
from django_logout.federation.models import Delivery, LogoutClient
from tests.clients import logged_in
from tests.projects.client_deliveries import tell
from tests.projects.clients_toolkit.test_sender import waiting
from tests.projects.clients_toolkit.toolkit import Toolkit
from tests.projects.issuing import Receiver, receiving
from tests.query_counts import cost

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def shop(op: Toolkit, receiver: Receiver) -> Receiver:
    """A registered application."""
    op.register("shop")
    tell(receiver, "shop")
    return receiver


def test_backlog_delays_no_other_application(op: Toolkit, shop: Receiver, monkeypatch: Any) -> None:
    """Of a later logout, another one hears before the backlog is done."""
    op.register("news")
    monkeypatch.setattr(sender, "POLL", 0.2)
    told: list[str] = []

    def post(uri: str, form: bytes, **how: Any) -> Answer:
        time.sleep(0.01)
        told.append(uri)
        return Answer(200, b"", True)

    def after_the_fifth(**kwargs: Any) -> None:
        if len(told) == 5:
            waiting("news")

    monkeypatch.setattr(sender, "post", post)
    monkeypatch.setattr(sender, "announce", lambda row: after_the_fifth())
    LogoutClient.objects.create(client_id="news", backchannel_logout_uri="http://127.0.0.1/news")
    for _ in range(60):
        waiting("shop")
    assert sender.deliver() == {"heard": 61}
    assert told[-1] != "http://127.0.0.1/news"


def test_what_a_delivery_costs(op: Toolkit, shop: Receiver, monkeypatch: Any) -> None:
    """Four statements, beside those that are made once for many applications."""
    names = [f"app{number}" for number in range(30)]
    for name in names:
        op.register(name)
    tell(shop, *names)

    def statements(number: int) -> int:
        for name in names[:number]:
            waiting(name)
        with cost() as found:
            assert sender.deliver() == {"heard": number}
        return found.queries

    assert 80 <= statements(30) - statements(10) < 90


def test_error_that_no_one_expects(op: Toolkit, shop: Receiver, monkeypatch: Any) -> None:
    """It stops neither the deliverer nor the deliveries to others."""
    op.register("odd")
    tell(shop, "odd")
    post = sender.post

    def fail(uri: str, form: bytes, **how: Any) -> Answer:
        claims = jwt.decode(form.decode().partition("=")[2], options={"verify_signature": False})
        if claims["aud"] == "odd":
            raise KeyError("No one expects it.")
        return post(uri, form, **how)

    monkeypatch.setattr(sender, "post", fail)
    row = waiting("odd")
    waiting("shop")
    assert sender.deliver() == {"heard": 1, "again": 1}
    row.refresh_from_db()
    assert (row.state, row.last_error) == ("waiting", "error")


def test_outcome_is_written_before_anything_is_claimed(shop: Receiver, monkeypatch: Any) -> None:
    """After an outage that was longer than the lease, no application is told again that has heard."""
    row, stop, update, failed = waiting(), Event(), QuerySet.update, []

    def update_and_fail(rows: Any, **changes: Any) -> int:
        if "settled_at" in changes and not failed:
            failed.append(1)
            over = timezone.now() - timedelta(seconds=1)
            update(Delivery.objects.filter(pk=row.pk), leased_until=over)
            raise DatabaseError
        if "settled_at" in changes:
            stop.set()
        return update(rows, **changes)

    monkeypatch.setattr(QuerySet, "update", update_and_fail)
    monkeypatch.setattr(sender, "POLL", 0.05)
    assert sender.deliver(stop) == {"heard": 1}
    assert len(shop.heard) == 1


def test_refusal_is_written_although_the_database_was_away(
    shop: Receiver, monkeypatch: Any
) -> None:
    """Also where nothing follows: a final answer must not be asked for again."""
    shop.status = 400
    row, update, failed = waiting(), QuerySet.update, []

    def update_and_fail(rows: Any, **changes: Any) -> int:
        if "settled_at" in changes and len(failed) < 2:
            failed.append(1)
            raise DatabaseError
        return update(rows, **changes)

    monkeypatch.setattr(QuerySet, "update", update_and_fail)
    monkeypatch.setattr(sender, "POLL", 0.05)
    with pytest.raises(DatabaseError):
        sender.deliver()
    row.refresh_from_db()
    assert row.state == "failed"
    assert sender.deliver() == {}
    assert len(shop.heard) == 1


def test_database_that_stays_away(shop: Receiver, monkeypatch: Any) -> None:
    """What was sent is waited for as long as its lease, and not longer."""
    waiting()
    update = QuerySet.update

    def fail(rows: Any, **changes: Any) -> int:
        if "settled_at" in changes:
            raise DatabaseError
        return update(rows, **changes)

    monkeypatch.setattr(QuerySet, "update", fail)
    monkeypatch.setattr(sender, "POLL", 0.05)
    monkeypatch.setattr(sender, "LEASE", timedelta(seconds=0.2))
    with pytest.raises(DatabaseError):
        sender.deliver()


def test_clock_of_another_machine(shop: Receiver) -> None:
    """What a machine has written whose clock is a second ahead is due at once."""
    waiting(due_at=timezone.now() + timedelta(seconds=1))
    assert sender.deliver() == {"heard": 1}


@pytest.mark.parametrize("far", [{"due_at": DAY}, {"leased_until": DAY}])
def test_clock_that_was_wrong(shop: Receiver, far: dict[str, timedelta]) -> None:
    """Nothing waits longer than the longest wait, nor for a lease that none has taken. That is seen once a minute."""
    waiting(**{name: timezone.now() + far[name] for name in far})
    sender._mendings.reset()
    assert sender.deliver() == {"heard": 1}
    waiting(due_at=timezone.now() + DAY)
    assert sender.deliver() == {}


def test_times_without_a_zone_in_the_hour_that_comes_twice(shop: Receiver, settings: Any) -> None:
    """The token is of this moment, and so it has not expired when it comes."""
    settings.USE_TZ, settings.TIME_ZONE = False, "Europe/Berlin"
    second = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))
    row = Delivery(client_id="shop", issuer="i", subject="1")
    with time_machine.travel(second, tick=False):
        claims = sender.claims_of(row)
    assert claims["iat"] == int(second.timestamp())
    assert claims["exp"] == claims["iat"] + 120


def test_uri_that_changes_between_tries(shop: Receiver) -> None:
    """The next try goes to the new one."""
    shop.status = 503
    waiting()
    sender.deliver()
    with receiving() as moved:
        LogoutClient.objects.update(backchannel_logout_uri=moved.url)
        Delivery.objects.update(due_at=timezone.now())
        assert sender.deliver() == {"heard": 1}
        assert (len(shop.heard), len(moved.heard)) == (1, 1)


def test_key_that_is_replaced_between_tries(op: Toolkit, shop: Receiver, settings: Any) -> None:
    """The next token is signed by the new one."""
    shop.status = 503
    waiting()
    sender.deliver()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    raw = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OIDC_RSA_PRIVATE_KEY": raw}
    Delivery.objects.update(due_at=timezone.now())
    shop.status = 200
    assert sender.deliver() == {"heard": 1}
    first, second = (form["logout_token"] for form in shop.heard)
    assert jwt.decode(second, key.public_key(), ["RS256"], audience="shop")["sub"] == "1"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(first, key.public_key(), ["RS256"], audience="shop")


def test_application_that_is_removed_while_it_is_told(
    op: Toolkit, shop: Receiver, monkeypatch: Any
) -> None:
    """It has heard, and of the next logout it does not."""
    monkeypatch.setattr(sender, "KNOWN_SECONDS", 0.0)
    waiting()
    waiting()

    settle = sender.settle

    def remove_and_settle(row: Delivery, answer: sender.Answer) -> str:
        LogoutClient.objects.all().delete()
        op.register("shop").delete()
        return settle(row, answer)

    monkeypatch.setattr(sender, "settle", remove_and_settle)
    assert sum(sender.deliver().values()) == 2
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["failed", "heard"]


def test_long_sweep_holds_up_no_outcome(
    op: Toolkit, user: Any, shop: Receiver, monkeypatch: Any
) -> None:
    """It is done batch by batch, and renews its lease: no other worker begins it again."""
    monkeypatch.setattr(outbox, "BATCH", 1)
    names = [f"app{number}" for number in range(4)]
    here = logged_in(user)
    for name in names:
        op.log_in(here, name)
    tell(shop, *names)
    monkeypatch.setattr(sender, "LEASE", timedelta(seconds=30))
    end_sessions(Target.everyone())
    leases: list[Any] = []
    write = outbox.write

    def write_and_wait(rows: Any) -> None:
        write(rows)
        found = Delivery.objects.filter(client_id="").values_list("leased_until", flat=True)
        leases.extend(found)

    monkeypatch.setattr(outbox, "write", write_and_wait)
    assert sender.deliver() == {"heard": 4}
    assert len(set(leases)) == 4
    assert client_links.links().count() == 4
    assert not Delivery.objects.filter(client_id="").exists()


def test_sweep_that_another_worker_has_taken(
    op: Toolkit, user: Any, shop: Receiver, monkeypatch: Any
) -> None:
    """It is left to that worker."""
    monkeypatch.setattr(outbox, "BATCH", 1)
    here = logged_in(user)
    for name in ("shop", "news"):
        op.log_in(here, name)
    tell(shop, "news")
    end_sessions(Target.everyone())
    write, written = outbox.write, []

    def write_and_lose(rows: Any) -> None:
        write(rows)
        written.append(1)
        until = timezone.now() + DAY / 2
        Delivery.objects.filter(client_id="").update(lease=uuid4(), leased_until=until)

    monkeypatch.setattr(outbox, "write", write_and_lose)
    monkeypatch.setattr(sender, "LEASE", DAY)
    assert sender.deliver() == {"heard": 1}
    assert len(written) == 1
    assert Delivery.objects.filter(client_id="").exists()
