"""How deliveries are tried: by whom, how often, how long, and what becomes of each answer."""

import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import uuid4

import jwt
import pytest
import trustme
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.federation import fetch, outbox, sender
from django_logout.federation.models import Delivery, LogoutClient
from django_logout.models import LoginSession, LogoutEvent
from django_logout.signals import delivery_settled
from tests.clients import LOGOUT, logged_in
from tests.projects.client_deliveries import tell
from tests.projects.clients_toolkit.toolkit import Toolkit
from tests.projects.issuing import SECRET, Receiver
from tests.query_counts import Cost, cost

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def waiting(client_id: str = "shop", **fields: Any) -> Delivery:
    """Return a delivery that is due."""
    event = LogoutEvent.objects.create(reason="user", scope="user", sessions=1, complete=True)
    about = {"client_id": client_id, "issuer": "http://testserver/o", "subject": "1", "sid": "s"}
    return Delivery.objects.create(pk=uuid4(), event=event, **{**about, **fields})


@pytest.fixture
def shop(op: Toolkit, receiver: Receiver) -> Receiver:
    """A registered application."""
    op.register("shop")
    tell(receiver, "shop")
    return receiver


@contextmanager
def pretending(behave: Any, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve connections by a function, and yield the URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=[connection], daemon=True).start()

        def one(connection: Any) -> None:
            with connection:
                try:
                    if context is not None:
                        connection = context.wrap_socket(connection, server_side=True)
                    behave(connection)
                    # To close while something is left to read would take back what was sent.
                    connection.settimeout(1)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(10_000):
                        pass
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        scheme = "https" if context else "http"
        yield f"{scheme}://127.0.0.1:{server.getsockname()[1]}/backchannel"
        server.close()


@pytest.mark.parametrize("status", [200, 204])
def test_heard(shop: Receiver, status: int) -> None:
    """By the two statuses of the standard."""
    shop.status = status
    row = waiting()
    assert sender.deliver() == {"heard": 1}
    row.refresh_from_db()
    assert (row.state, row.last_status, row.last_error) == ("heard", status, "")
    assert row.settled_at is not None
    assert row.lease is row.leased_until is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 301, 302, 307, 308])
def test_refused_for_good(shop: Receiver, status: int) -> None:
    """It is not told again, neither by a later run."""
    shop.status = status
    row = waiting()
    assert sender.deliver() == {"failed": 1}
    assert sender.deliver() == {}
    row.refresh_from_db()
    assert (row.state, row.last_status, row.tries) == ("failed", status, 1)
    assert len(shop.heard) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 202])
def test_refused_for_the_time_being(shop: Receiver, status: int) -> None:
    """It is told again after a minute, by a token of its own."""
    shop.status = status
    row = waiting()
    before = timezone.now()
    assert sender.deliver() == {"again": 1}
    row.refresh_from_db()
    assert (row.state, row.last_status) == ("waiting", status)
    assert before + MINUTE <= row.due_at <= timezone.now() + MINUTE
    assert sender.deliver() == {}
    shop.status = 200
    Delivery.objects.update(due_at=timezone.now())
    assert sender.deliver() == {"heard": 1}
    first, second = (claims["jti"] for claims in shop.tokens())
    assert first != second


def test_waits_double_up_to_two_hours() -> None:
    """The first is a minute."""
    waits = [sender.wait_after(tries) / MINUTE for tries in range(1, 14)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 120, 120, 120, 120, 120, 120]
    assert sender.wait_after(30_000) == 120 * MINUTE


def test_given_up_after_a_day(shop: Receiver) -> None:
    """With the last try, for all that the application has to hear of that time."""
    shop.status = 503
    old = timezone.now() - timedelta(hours=25)
    row, other = (waiting(created_at=old, due_at=old) for _ in range(2))
    young = waiting()
    settled: list[Any] = []
    delivery_settled.connect(lambda delivery, **kwargs: settled.append(delivery), weak=False)
    try:
        assert sender.deliver() == {"failed": 1}
    finally:
        delivery_settled.receivers.clear()
        delivery_settled.sender_receivers_cache.clear()
    for each in (row, other, young):
        each.refresh_from_db()
    assert sorted([row.state, other.state]) == ["failed", "failed"]
    assert young.state == "waiting"
    assert young.due_at > timezone.now() + MINUTE / 2
    assert {each.pk for each in settled} == {row.pk, other.pk}
    assert len(shop.heard) == 1


def test_application_that_does_not_answer_is_left_alone(shop: Receiver) -> None:
    """With all that it has to hear: one try, and not one for each."""
    shop.status = 503
    rows = [waiting() for _ in range(5)]
    assert sender.deliver() == {"again": 1}
    assert len(shop.heard) == 1
    assert sum(Delivery.objects.get(pk=row.pk).tries for row in rows) == 1
    shop.status = 200
    Delivery.objects.update(due_at=timezone.now())
    assert sender.deliver() == {"heard": 5}


def test_one_refusal_holds_up_nothing_else(shop: Receiver) -> None:
    """A 400 is about one token."""
    shop.status = 400
    for _ in range(3):
        waiting()
    assert sender.deliver() == {"failed": 3}


def test_accepts_and_never_answers(op: Toolkit, shop: Receiver, monkeypatch: Any) -> None:
    """It is cut off, and meanwhile all others are told."""
    monkeypatch.setattr(sender, "SECONDS", 2.0)
    op.register("hung")
    with pretending(lambda connection: time.sleep(60)) as url:
        LogoutClient.objects.create(client_id="hung", backchannel_logout_uri=url)
        hung = [waiting("hung") for _ in range(3)]
        for _ in range(30):
            waiting()
        began, times = time.monotonic(), []
        receiver = delivery_settled.connect
        settled = lambda **kwargs: times.append(time.monotonic() - began)  # noqa: E731
        receiver(settled)
        counts = sender.deliver()
        delivery_settled.disconnect(settled)
    assert counts == {"heard": 30, "again": 1}
    assert max(times) < 2.0
    assert 2.0 <= time.monotonic() - began < 4.0
    assert {Delivery.objects.get(pk=row.pk).last_error for row in hung} == {"timeout", ""}


@pytest.mark.parametrize("what", ["status", "headers", "body", "handshake"])
def test_answer_that_drips(op: Toolkit, monkeypatch: Any, what: str) -> None:
    """Each byte comes in time, and the whole is cut off all the same."""
    monkeypatch.setattr(sender, "SECONDS", 0.5)

    def drip(connection: Any) -> None:
        start = {
            "status": b"HTTP/1.1 200",
            "headers": b"HTTP/1.1 200 OK\r\nX: ",
            "handshake": b"\x16\x03\x03\x40\x00\x02",
        }
        connection.sendall(start.get(what, b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"))
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.1)

    op.register("drip")
    with pretending(drip) as url:
        uri = url.replace("http:", "https:") if what == "handshake" else url
        LogoutClient.objects.create(client_id="drip", backchannel_logout_uri=uri)
        row, began = waiting("drip"), time.monotonic()
        sender.deliver()
    assert time.monotonic() - began < 2
    row.refresh_from_db()
    assert (row.state, row.last_error) == ("waiting", "timeout")


def test_answer_of_ten_megabytes(op: Toolkit) -> None:
    """A kilobyte of it is read."""
    sent = []

    def flood(connection: Any) -> None:
        connection.recv(10_000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"x" * 10_000)
            sent.append(1)

    op.register("flood")
    with pretending(flood) as url:
        LogoutClient.objects.create(client_id="flood", backchannel_logout_uri=url)
        waiting("flood")
        assert sender.deliver() == {"heard": 1}
        time.sleep(0.2)
    assert len(sent) < 900


def test_redirect_is_not_followed(op: Toolkit, receiver: Receiver) -> None:
    """Wherever it leads."""

    def redirect(connection: Any) -> None:
        connection.recv(10_000)
        connection.sendall(f"HTTP/1.1 307 X\r\nLocation: {receiver.url}\r\n\r\n".encode())

    op.register("moved")
    with pretending(redirect) as url:
        LogoutClient.objects.create(client_id="moved", backchannel_logout_uri=url)
        row = waiting("moved")
        assert sender.deliver() == {"failed": 1}
    row.refresh_from_db()
    assert (row.last_status, receiver.heard) == (307, [])


def test_certificate_of_nobody(op: Toolkit) -> None:
    """Nothing is sent over such a connection."""
    context, seen = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    op.register("tls")
    with pretending(lambda connection: seen.append(connection.recv(10)), context) as url:
        LogoutClient.objects.create(client_id="tls", backchannel_logout_uri=url)
        row = waiting("tls")
        assert sender.deliver() == {"again": 1}
    row.refresh_from_db()
    assert (row.last_error, seen) == ("tls", [])


def test_private_address_that_is_not_allowed(
    shop: Receiver, settings: Any, monkeypatch: Any
) -> None:
    """Neither at once nor by a name that leads there, nor by plain HTTP elsewhere."""
    settings.LOGOUT = {**settings.LOGOUT, "CLIENT_NETWORKS": ["10.0.0.0/8"]}
    row = waiting()
    assert sender.deliver() == {"again": 1}
    row.refresh_from_db()
    assert row.last_error == "private_address"
    found = [(0, 0, 0, "", ("93.184.215.14", 0))]
    monkeypatch.setattr(fetch.socket, "getaddrinfo", lambda *args, **kwargs: found)
    Delivery.objects.update(due_at=timezone.now())
    assert sender.deliver() == {"again": 1}
    row.refresh_from_db()
    assert (row.last_error, shop.heard) == ("not_https", [])


@pytest.mark.parametrize("uri", ["http://[", "http://127.0.0.1/\x01", "http://127.0.0.1/ü"])
def test_uri_that_is_none(op: Toolkit, uri: str) -> None:
    """Written by code, past the form. It stops nothing."""
    op.register("odd")
    LogoutClient.objects.create(client_id="odd", backchannel_logout_uri=uri)
    row = waiting("odd")
    assert sender.deliver() == {"again": 1}
    row.refresh_from_db()
    assert row.last_error == "unreachable"


def test_token_of_a_shared_secret(op: Toolkit, receiver: Receiver) -> None:
    """HS256 by the client's secret; one that is hashed can sign nothing."""
    tell(receiver, "plain", "hashed")
    op.register("plain", algorithm="HS256")
    op.register("hashed", algorithm="HS256", hash_client_secret=True)
    waiting("plain")
    row = waiting("hashed")
    assert sender.deliver() == {"heard": 1, "again": 1}
    (form,) = receiver.heard
    claims = jwt.decode(form["logout_token"], SECRET, ["HS256"], audience="plain")
    assert claims["sid"] == "s"
    assert jwt.get_unverified_header(form["logout_token"])["typ"] == "logout+jwt"
    row.refresh_from_db()
    assert row.last_error == "unsigned"


def test_claims_are_exclusive(shop: Receiver) -> None:
    """One worker has a row until its lease is over, and the application has one row under way."""
    first, second = waiting(), waiting()
    Delivery.objects.filter(pk=first.pk).update(due_at=timezone.now() - MINUTE)
    claimed = sender.claim("shop")
    assert claimed is not None
    assert claimed.pk == first.pk
    assert sender.claim("shop") is None
    assert sender.deliver() == {}
    over = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(pk=first.pk).update(leased_until=over)
    again = sender.claim("shop")
    assert again is not None
    assert (again.pk, again.tries) == (first.pk, 2)
    # The first worker comes back late: the row is not its own any more.
    assert sender.settle(claimed, sender.Answer(400, is_final=True)) == "again"
    assert sender.settle(again, sender.Answer(200)) == "heard"
    assert Delivery.objects.get(pk=first.pk).state == "heard"
    assert Delivery.objects.get(pk=second.pk).tries == 0


def test_claim_that_another_worker_wins(shop: Receiver, monkeypatch: Any) -> None:
    """Between the look and the claim."""
    waiting()
    under_way = sender._under_way

    def lose() -> Any:
        Delivery.objects.update(lease=uuid4(), leased_until=timezone.now() + MINUTE)
        monkeypatch.setattr(sender, "_under_way", under_way)
        return Delivery.objects.none()

    monkeypatch.setattr(sender, "_under_way", lose)
    assert sender.claim("shop") is None


def test_command(shop: Receiver, capsys: Any) -> None:
    """It says what has come of it."""
    waiting()
    call_command("logout", "deliver")
    assert capsys.readouterr().out == "Heard: 1. To be tried again: 0. Failed: 0.\n"
    call_command("logout", "deliver", "--json")
    assert capsys.readouterr().out.strip().replace("\n", "").replace(" ", "") == (
        '{"heard":0,"again":0,"failed":0}'
    )


def test_following(shop: Receiver, monkeypatch: Any) -> None:
    """It delivers what comes, waits for the database, and ends when it is told to."""
    monkeypatch.setattr(sender, "POLL", 0.05)
    stop, looks = Event(), []
    look = sender.Sender._look

    def look_and_fail(self: Any) -> None:
        looks.append(1)
        if len(looks) in {1, 2}:
            raise DatabaseError
        look(self)
        if len(looks) == 4:
            waiting()
        if Delivery.objects.filter(state="heard").exists():
            stop.set()

    monkeypatch.setattr(sender.Sender, "_look", look_and_fail)
    assert sender.deliver(stop) == {"heard": 1}
    looks.clear()
    with pytest.raises(DatabaseError):
        sender.deliver()


def test_command_that_follows(shop: Receiver, monkeypatch: Any) -> None:
    """A signal ends it."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    waiting()
    look = sender.Sender._look

    def look_and_end(self: Any) -> None:
        look(self)
        if not self._clients:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(sender.Sender, "_look", look_and_end)
    try:
        call_command("logout", "deliver", "--follow")
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert Delivery.objects.get().state == "heard"


def test_outcome_is_written_when_the_database_is_back(shop: Receiver, monkeypatch: Any) -> None:
    """The application has heard, and is not told again. What was not written is not forgotten."""
    waiting()
    update, failed, stop = QuerySet.update, [], Event()

    def update_and_fail(rows: Any, **changes: Any) -> int:
        if "settled_at" in changes:
            if not failed:
                failed.append(1)
                raise DatabaseError
            stop.set()
        return update(rows, **changes)

    monkeypatch.setattr(QuerySet, "update", update_and_fail)
    monkeypatch.setattr(sender, "POLL", 0.05)
    assert sender.deliver(stop) == {"heard": 1}
    assert len(shop.heard) == 1


def test_retry(shop: Receiver, capsys: Any) -> None:
    """By cron what is due; when asked, what waits and what has failed as well."""
    shop.status = 400
    row = waiting()
    sender.deliver()
    shop.status = 200
    call_command("logout", "retry")
    assert "nothing to retry" in capsys.readouterr().out
    call_command("logout", "retry", "--now", "--dry-run")
    assert f"{row.event_id}: would try client shop" in capsys.readouterr().out
    call_command("logout", "retry", "--event", str(row.event_id))
    assert f"{row.event_id}: complete" in capsys.readouterr().out
    row.refresh_from_db()
    assert (row.state, len(shop.heard)) == ("heard", 2)


def test_retry_that_fails(shop: Receiver, capsys: Any) -> None:
    """The command says so by its exit code."""
    shop.status = 503
    row = waiting()
    with pytest.raises(CommandError):
        call_command("logout", "retry")
    assert f"{row.event_id}: failed again: client shop" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("logout", "retry", "--now")
    row.refresh_from_db()
    assert row.tries == 2


def ours(found: Cost) -> int:
    """Return how many statements are about applications. Those about their tokens come on top."""
    return sum("django_logout_federation" in sql for sql in found.statements)


def test_what_a_logout_costs(user: Any, settings: Any) -> None:
    """Nothing where no login is recorded, and one statement where none was."""

    def queries() -> int:
        logged_in(user)
        session = LoginSession.objects.get(ended_at=None).pk
        with cost() as found:
            end_sessions(Target.session(session))
        return found.queries

    own = {"OAUTH2_VALIDATOR_CLASS": "oauth2_provider.oauth2_validators.OAuth2Validator"}
    with_ours = settings.OAUTH2_PROVIDER
    settings.OAUTH2_PROVIDER = {**with_ours, **own}
    queries()
    without = queries()
    settings.OAUTH2_PROVIDER = with_ours
    assert queries() == without + 1


@pytest.mark.parametrize("everywhere", [False, True])
def test_what_fifty_applications_cost(
    user: Any, op: Toolkit, receiver: Receiver, everywhere: bool
) -> None:
    """Two statements, and not one for each."""
    here, names = logged_in(user), [f"app{number}" for number in range(50)]
    for name in names:
        op.log_in(here, name)
    tell(receiver, *names)
    session = LoginSession.objects.get().pk
    with cost() as found:
        end_sessions(Target.user(user) if everywhere else Target.session(session))
    assert Delivery.objects.count() == 50
    assert ours(found) == 2


def test_what_the_goodbye_page_costs(user: Any, settings: Any) -> None:
    """One statement more than its logout: which applications have heard."""
    with cost() as found:
        logged_in(user).post(LOGOUT)
    assert ours(found) == 2
    settings.LOGOUT_REDIRECT_URL = "/"
    with cost() as found:
        logged_in(user).post(LOGOUT)
    assert ours(found) == 1


def test_stopped_while_posting(shop: Receiver, monkeypatch: Any) -> None:
    """What has been sent is settled all the same."""
    stop, post = Event(), sender.post

    def stop_and_post(*args: Any, **kwargs: Any) -> Any:
        stop.set()
        time.sleep(0.2)
        return post(*args, **kwargs)

    monkeypatch.setattr(sender, "POLL", 0.01)
    monkeypatch.setattr(sender, "post", stop_and_post)
    waiting()
    waiting()
    assert sender.deliver(stop) == {"heard": 1}
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["heard", "waiting"]


def test_old_one_that_another_worker_has_taken(shop: Receiver, monkeypatch: Any) -> None:
    """It is given up by that worker, and not by this one."""
    old = timezone.now() - timedelta(hours=25)
    for _ in range(3):
        waiting(created_at=old, due_at=old)
    announced: list[Delivery] = []

    def take_the_last(row: Delivery) -> None:
        announced.append(row)
        if len(announced) == 2:
            lease = {"lease": uuid4(), "leased_until": timezone.now() + MINUTE}
            Delivery.objects.filter(state="waiting").update(**lease)

    monkeypatch.setattr(sender, "announce", take_the_last)
    row = sender.claim("shop")
    assert row is not None
    assert sender.settle(row, sender.Answer(503)) == "failed"
    assert len(announced) == 2
    assert Delivery.objects.get(state="waiting").leased_until is not None


def test_written_is_forgotten(user: Any, op: Toolkit, shop: Receiver) -> None:
    """A process remembers no ending longer than until its commit."""
    op.log_in(logged_in(user))
    end_sessions(Target.user(user))
    assert LogoutEvent.objects.get().pk not in outbox._written
    assert str(Delivery.objects.get()) == "shop: Waiting"
