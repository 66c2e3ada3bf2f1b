"""F33: what becomes of open WebSockets when their session ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.layers import BaseChannelLayer, InMemoryChannelLayer, channel_layers
from channels.sessions import SessionMiddlewareStack
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from django_logout import Reason, Target, aend_sessions, end_sessions
from django_logout.contrib import channels
from django_logout.contrib.channels import ends_with_session
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.operations import retries
from django_logout.revokers.channels import broadcast
from django_logout.sessions import status
from django_logout.sessions.identity import Identity
from django_logout.types import EndedSession, Ending
from tests.clients import LOGOUT, before_us
from tests.projects.sockets.asgi import COMMANDS, GOODBYES, application, consumers
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

#: A polling interval that no test reaches.
NEVER = 3600
ENDED = {"type": "websocket.close", "code": 4401}


@pytest.fixture(autouse=True)
def fresh_layer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start with an empty channel layer, and without earlier warnings and messages."""
    channel_layers.set("default", InMemoryChannelLayer())
    monkeypatch.setattr(broadcast, "_last_logged", -1000.0)
    COMMANDS.clear()
    GOODBYES.clear()
    yield
    channel_layers.set("default", InMemoryChannelLayer())


class Broken(InMemoryChannelLayer):
    """A layer whose server is down."""

    down = True

    async def group_send(self, group: str, message: Any) -> None:
        if self.down:
            raise ConnectionError("secret")
        await super().group_send(group, message)

    async def group_add(self, group: str, channel: str) -> None:
        if self.down:
            raise ConnectionError("secret")
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        raise ConnectionError("secret")


def socket(
    client: Client, path: str = "/async/", app: Any = application, **more: Any
) -> WebsocketCommunicator:
    """Return a socket with the browser's cookies."""
    cookie = client.cookies.output(header="", sep=";", attrs=[]).strip().encode()
    return WebsocketCommunicator(app, path, headers=[(b"cookie", cookie)], **more)


def asking(interval: float) -> Any:
    """Return the application with this polling interval."""
    return SessionMiddlewareStack(ends_with_session(consumers, interval=interval))


async def opened(client: Client, path: str = "/async/", **how: Any) -> WebsocketCommunicator:
    """Return an accepted socket."""
    one = socket(client, path, **how)
    connected, _ = await one.connect(timeout=PATIENCE)
    assert connected
    assert await is_open(one)
    return one


async def is_open(one: WebsocketCommunicator) -> bool:
    """Return whether the application answers."""
    await one.send_to(text_data='"hello"')
    return "hello" in await one.receive_from(timeout=PATIENCE)


async def closed(one: WebsocketCommunicator) -> str:
    """Expect the socket to be closed with our code, and return the reason."""
    message = await one.receive_output(timeout=PATIENCE)
    assert message.items() >= ENDED.items()
    await one.wait(timeout=PATIENCE)
    return str(message["reason"])


async def refused(one: WebsocketCommunicator) -> str:
    """Expect the socket to be closed before the application sees it, and return the reason."""
    await one.send_input({"type": "websocket.connect"})
    accepted = await one.receive_output(timeout=PATIENCE)
    assert accepted["type"] == "websocket.accept"
    return await closed(one)


logged_out = sync_to_async(lambda client: client.post(LOGOUT))
end = sync_to_async(end_sessions)


@pytest.mark.parametrize("path", ["/sync/", "/async/", "/json/", "/async-json/", "/raw/"])
async def test_ending_closes_socket(ann: Client, user: Any, path: str, monkeypatch: Any) -> None:
    """F33: with code and reason. Later messages of the client are dropped, and so are those of the
    application, which is told once, or cancelled if it does not return."""
    if path == "/raw/":
        monkeypatch.setattr(channels, "GRACE", 0.1)
    elsewhere = Client()
    await sync_to_async(elsewhere.force_login)(user)
    one, stays = await opened(ann, path), await opened(elsewhere)
    await logged_out(ann)
    await one.send_to(text_data='"too late"')
    assert await closed(one) == "user"
    assert "too late" not in "".join(COMMANDS)
    assert ([] if path == "/raw/" else [4401]) == GOODBYES
    assert await is_open(stays)
    await stays.disconnect(timeout=PATIENCE)


# Channels opens a memcached connection for each socket.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_new_socket_of_ended_session_is_refused(engine: str, ann: Client) -> None:
    """F33: on every engine, with a copied cookie; the client gets the reason."""
    copy = Client()
    copy.cookies["sessionid"] = ann.cookies["sessionid"].value
    await (await opened(ann)).disconnect(timeout=PATIENCE)
    await logged_out(ann)
    assert await refused(socket(copy, subprotocols=["chat"])) == "user"
    assert not [said for said in COMMANDS if said != '"hello"']


async def test_timeouts_close_socket(ann: Client, user: Any, clock: Any, settings: Any) -> None:
    """F33: a socket is no activity, so its session expires."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 60, "LAST_SEEN_INTERVAL": 1}
    elsewhere = Client()
    await sync_to_async(elsewhere.force_login)(user)
    one, silent = await opened(ann, app=asking(0.05)), await opened(elsewhere, app=asking(NEVER))
    clock.shift(50)
    await sync_to_async(elsewhere.get)("/private/")
    await asyncio.sleep(0.1)
    assert await is_open(one)
    clock.shift(50)
    assert await closed(one) == "idle"
    assert await is_open(silent)
    event = await LogoutEvent.objects.aget()
    assert (event.reason, event.sessions) == ("idle", 1)
    settings.LOGOUT = {"ABSOLUTE_TIMEOUT": 60}
    clock.shift(50)
    other = socket(elsewhere, app=asking(NEVER))
    assert await refused(other) == "absolute_timeout"
    assert await closed(silent) == "absolute_timeout"


async def test_cookie_age_closes_socket(ann: Client, clock: Any, settings: Any) -> None:
    """No request has to come for the session to expire."""
    one = await opened(ann, app=asking(0.05))
    clock.shift(settings.SESSION_COOKIE_AGE + 60)
    await asyncio.sleep(0.1)
    assert await is_open(one)  # A later save may not be written yet.
    clock.shift(120)
    assert await closed(one) == "expired"


async def test_socket_without_layer_polls(ann: Client, settings: Any) -> None:
    """Where the project has no layer, or none of that name."""
    for layers in ({}, {"other": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}):
        settings.CHANNEL_LAYERS = layers
        client = Client()
        await sync_to_async(client.force_login)(await get_user_model().objects.aget())
        one = await opened(client, app=asking(0.05))
        await logged_out(client)
        assert await closed(one) == "user"
        assert (
            "channels" not in (await LogoutEvent.objects.alatest("created_at")).outcomes or layers
        )


async def test_layer_outage_is_reported_and_retried(ann: Client) -> None:
    """The sockets poll; the result and the event name the failure, and a later retry reaches
    them."""
    layer = Broken()
    channel_layers.set("default", layer)
    one, deaf = await opened(ann, app=asking(0.05)), await opened(ann, app=asking(NEVER))
    answer = await sync_to_async(ann.post)(LOGOUT, headers={"Accept": "application/json"})
    assert (answer.json()["complete"], answer.json()["failed"]) == (False, ["channels"])
    assert await closed(one) == "user"
    event = await LogoutEvent.objects.aget()
    assert (event.complete, event.outcomes["channels"]["error"]) == (False, "ConnectionError")
    assert await sync_to_async(retries.retry_revokers)(event, now=True)
    assert not (await LogoutEvent.objects.aget()).complete
    layer.down = False
    assert (await sync_to_async(retries.retry_revokers)(event, now=True)).complete
    await deaf.disconnect(timeout=PATIENCE)


class Hanging(InMemoryChannelLayer):
    """A layer whose server accepts calls and never answers."""

    async def new_channel(self, prefix: str = "specific.") -> str:
        await asyncio.Event().wait()
        return ""

    async def group_send(self, group: str, message: Any) -> None:
        await asyncio.Event().wait()


async def test_hanging_layer_blocks_no_one(ann: Client, monkeypatch: Any) -> None:
    """Neither the client that connects nor the one that logs out; the socket polls instead."""
    monkeypatch.setattr(broadcast, "TIMEOUT", 0.05)
    one = socket(ann, "/raw/", app=asking(0.05))
    channel_layers.set("default", Hanging())
    await one.connect(timeout=PATIENCE)
    assert await is_open(one)
    answer = await sync_to_async(ann.post)(LOGOUT, headers={"Accept": "application/json"})
    assert answer.json()["failed"] == ["channels"]
    monkeypatch.setattr(channels, "GRACE", 0.05)
    assert await closed(one) == "user"
    event = await LogoutEvent.objects.aget()
    assert event.outcomes["channels"]["error"] == "TimeoutError"


async def test_retry_closes_sockets(ann: Client, user: Any) -> None:
    """Those that are open, whatever the target of the ending."""
    layer = Broken()
    layer.down = False
    channel_layers.set("default", layer)
    targets = [Target.user(user), Target.users(type(user).objects.all()), Target.everyone()]
    for target in targets:
        client = Client()
        await sync_to_async(client.force_login)(user)
        one = await opened(client)
        layer.down = True
        result = await end(target, reason="mine")
        assert result.failed == ("channels",)
        assert await is_open(one)
        layer.down = False
        event = await sync_to_async(retries.retry_revokers)(result.event, now=True)
        assert event.complete
        assert await closed(one) == "mine"


async def test_lost_message_is_made_up_by_polling(ann: Client, monkeypatch: Any) -> None:
    """The layer delivers nothing."""

    async def lose(self: Any, group: str, message: Any) -> None:
        pass

    one = await opened(ann, app=asking(0.05))
    monkeypatch.setattr(InMemoryChannelLayer, "group_send", lose)
    await logged_out(ann)
    assert await closed(one) == "user"


async def test_listener_rejoins_after_layer_restart(ann: Client, monkeypatch: Any) -> None:
    """It then hears the next ending."""

    async def fail(self: Any, channel: str) -> Any:
        raise ConnectionError

    monkeypatch.setattr(broadcast, "TIMEOUT", 0.05)
    one = await opened(ann, app=asking(NEVER))
    layer: Any = channel_layers["default"]
    async with broadcast.Listener(await identity_of(ann)) as listener:
        with monkeypatch.context() as patch:
            patch.setattr(InMemoryChannelLayer, "receive", fail)
            assert await listener.receive(0.2) is None
        layer.groups.clear()  # As a restart of its server does.
        await asyncio.sleep(0)
        hearing = asyncio.ensure_future(listener.receive(5))
        await asyncio.sleep(0.05)
        await logged_out(ann)
        assert await hearing == "user"
    await one.disconnect(timeout=PATIENCE)


async def identity_of(client: Client) -> Any:
    """Return the identity of the only session."""
    session = await LoginSession.objects.aget()
    return Identity(session.pk, str(session.user_id), registered=True)


async def test_unregistered_session_polls(ann: Client, user: Any) -> None:
    """A session from before the package was installed is in no message; one that stays active stays
    open."""
    old = await sync_to_async(before_us)(user)
    one, mine = await opened(old), await opened(ann)
    await sync_to_async(ann.post)("/accounts/sessions/end-others/")
    assert await closed(one) == "remote"
    assert await is_open(mine)
    await mine.disconnect(timeout=PATIENCE)


async def test_unregistered_session_is_accepted(user: Any) -> None:
    """It is active, and the socket changes neither of its times."""
    one = await opened(await sync_to_async(before_us)(user), app=asking(0.05))
    await asyncio.sleep(0.1)
    assert await is_open(one)
    await one.disconnect(timeout=PATIENCE)


async def test_everyone_closes_sockets(ann: Client, other: Any) -> None:
    """A new one is refused for the same reason; a later login stays open."""
    one = await opened(ann)
    await end(Target.everyone())
    assert await refused(socket(ann)) == "cutoff"
    client = Client()
    await sync_to_async(client.force_login)(other)
    new = await opened(client)
    assert await closed(one) == "cutoff"
    await end(Target.everyone())
    assert await closed(new) == "cutoff"
    assert await Cutoff.objects.acount() == 2


async def test_clock_does_not_decide_whose_sockets_close(
    ann: Client, other: Any, clock: Any
) -> None:
    """The message comes late, and the clock of the server that has logged in meanwhile is behind."""
    layer = Broken()
    layer.down = False
    channel_layers.set("default", layer)
    one = await opened(ann)
    layer.down = True
    result = await end(Target.everyone())
    layer.down = False
    clock.shift(-3600)
    client = Client()
    await sync_to_async(client.force_login)(other)
    later = await opened(client)

    await sync_to_async(retries.retry_revokers)(result.event, now=True)

    assert await closed(one) == "cutoff"
    assert await is_open(later)
    await later.disconnect(timeout=PATIENCE)


async def test_ending_between_check_and_accept_closes_socket(ann: Client, monkeypatch: Any) -> None:
    """F33: the session was active when it was checked; the socket hears all later endings."""
    get_status = channels.SessionMonitor.get_status

    async def get_status_and_end(self: Any) -> Any:
        status = await get_status(self)
        await logged_out(ann)
        return status

    monkeypatch.setattr(channels.SessionMonitor, "get_status", get_status_and_end)
    one = socket(ann)
    await one.send_input({"type": "websocket.connect"})
    while (message := await one.receive_output(timeout=PATIENCE))["type"] == "websocket.accept":
        pass
    assert message == {**ENDED, "reason": "user"}


@pytest.mark.parametrize(("said", "reason"), [("log out", "user"), ("log in", "switched")])
async def test_logout_in_consumer_ends_session(
    ann: Client, other: Any, said: str, reason: str
) -> None:
    """With the functions of Channels; the browser is logged out too."""
    one, also = await opened(ann), await opened(ann)
    await one.send_to(text_data=said)
    await one.receive_from(timeout=PATIENCE)
    assert await closed(one) == reason
    assert await closed(also) == reason
    assert (await LogoutEvent.objects.aget()).reason == reason
    assert (await sync_to_async(ann.get)("/private/")).status_code == 302


async def test_outage_closes_socket_with_1013(ann: Client, monkeypatch: Any) -> None:
    """The client can try again, and a new socket is not accepted."""

    def down(identity: Any) -> Any:
        raise OperationalError("secret")

    one = await opened(ann, app=asking(0.05))
    monkeypatch.setattr(status, "get_status", down)
    later = {"type": "websocket.close", "code": 1013, "reason": "unavailable"}
    assert await one.receive_output(timeout=PATIENCE) == later
    await one.wait(timeout=PATIENCE)
    two = socket(ann)
    await two.send_input({"type": "websocket.connect"})
    await two.receive_output(timeout=PATIENCE)
    assert await two.receive_output(timeout=PATIENCE) == later


async def test_outage_while_session_is_loaded_closes_socket_with_1013(
    user: Any, monkeypatch: Any
) -> None:
    """The registry has to be asked for a session that has no id."""

    def down(identity: Any) -> Any:
        raise OperationalError("secret")

    one = socket(await sync_to_async(before_us)(user), app=asking(NEVER))
    monkeypatch.setattr(status, "get_status", down)
    await one.send_input({"type": "websocket.connect"})
    assert (await one.receive_output(timeout=PATIENCE))["type"] == "websocket.accept"
    later = {"type": "websocket.close", "code": 1013, "reason": "unavailable"}
    assert await one.receive_output(timeout=PATIENCE) == later
    await one.wait(timeout=PATIENCE)


async def test_anonymous_socket_is_not_watched(db: None) -> None:
    """An unknown session key makes no difference."""
    client = Client()
    client.cookies["sessionid"] = "a" * 32
    for one in (await opened(client), await opened(Client())):
        await one.send_to(text_data="who")
        assert await one.receive_from(timeout=PATIENCE) == "AnonymousUser: who"
        await one.disconnect(timeout=PATIENCE)


async def test_wrapper_outside_session_middleware_fails(db: None) -> None:
    """The project has put it in the wrong place."""
    one = socket(Client(), app=ends_with_session(consumers))
    await one.send_input({"type": "websocket.connect"})
    with pytest.raises(ValueError, match="inside of AuthMiddlewareStack"):
        await one.wait(timeout=PATIENCE)


async def test_other_protocols_pass_through() -> None:
    """Such as ``lifespan``."""
    seen = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    await ends_with_session(inner)({"type": "lifespan"}, None, None)
    assert seen == [{"type": "lifespan"}]


async def test_application_error_propagates(ann: Client) -> None:
    """As without the wrapper."""

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError

    one = socket(ann, app=SessionMiddlewareStack(ends_with_session(inner)))
    await one.send_input({"type": "websocket.connect"})
    with pytest.raises(LookupError):
        await one.wait(timeout=PATIENCE)


@pytest.mark.parametrize("first", ["application", "client"])
async def test_closed_socket_is_not_closed_again(ann: Client, first: str) -> None:
    """A server would treat a second close as an error."""
    gone = asyncio.Event()

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if first == "application":
            await send({"type": "websocket.close", "code": 3000})
        else:
            await receive()
        gone.set()
        await asyncio.sleep(0.5)

    one = socket(ann, app=SessionMiddlewareStack(ends_with_session(inner)))
    await one.connect(timeout=PATIENCE)
    if first == "client":
        await one.send_input({"type": "websocket.disconnect", "code": 1001})
    else:
        assert (await one.receive_output(timeout=PATIENCE))["code"] == 3000
    await gone.wait()
    await logged_out(ann)
    assert await one.receive_nothing(0.2)
    await one.wait(timeout=PATIENCE)


async def test_disconnected_client_is_no_error(ann: Client) -> None:
    """Some servers raise when something is sent to it."""
    one = await opened(ann)
    scope = one.scope

    async def send(message: Any) -> None:
        raise OSError

    async with channels.SessionMonitor(await identity_of(ann), interval=NEVER) as monitor:
        broken = channels.Socket(monitor, scope, one.output_queue.get, send, NEVER)
        await broken._close(channels.close_message(4401, "user"))
    await one.disconnect(timeout=PATIENCE)


async def test_long_reason_is_truncated(ann: Client) -> None:
    """To what a close frame holds, in bytes."""
    one = await opened(ann)
    await end(Target.session((await LoginSession.objects.aget()).pk), reason="ж" * 64)
    assert await closed(one) == "ж" * 61


async def test_cancellation_leaves_no_task(ann: Client) -> None:
    """Servers cancel a socket that takes too long to close."""
    one = await opened(ann)
    before = len(asyncio.all_tasks())
    one.future.cancel()
    async with asyncio.timeout(PATIENCE):
        while len(asyncio.all_tasks()) >= before:  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("debug", [True, False])
def test_check_warns_of_layer_in_memory(settings: Any, debug: bool) -> None:
    """In production only; a layer of another kind gets no warning."""
    settings.DEBUG = debug
    assert [message.id for message in run_checks()] == ([] if debug else ["django_logout.W080"])
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.Broken"}}
    assert run_checks() == []


def test_group_names_are_valid_and_opaque() -> None:
    """Whatever the primary key of the user."""
    for pk in (1, "ä/ b@example.org" * 20, timezone.now() + timedelta(1)):
        assert BaseChannelLayer.group_name_regex.match(broadcast.group_name(pk))
        assert len(broadcast.group_name(pk)) < BaseChannelLayer.MAX_NAME_LENGTH
    assert "example" not in broadcast.group_name("b@example.org")
    assert broadcast.group_name(1) != broadcast.group_name(2)


def test_one_message_covers_sessions_and_tokens(user: Any) -> None:
    """By their public ids."""
    sessions = (EndedSession(uuid4(), user.pk, "simplejwt"), EndedSession(uuid4(), user.pk))
    target = Target.sessions([session.id for session in sessions])
    who = {"reason": "user", "actor": None, "request": None}
    ending = Ending(id=uuid4(), target=target, at=timezone.now(), sessions=sessions, **who)
    ((group, message),) = broadcast.messages(ending)
    assert group == broadcast.group_name(user.pk)
    assert message["ids"] == [str(session.id) for session in sessions]


def test_message_has_no_session_key(ann: Client, monkeypatch: Any) -> None:
    """The message holds only public ids and a reason."""
    sent: list[Any] = []

    async def keep(self: Any, group: str, message: Any) -> None:
        sent.append((group, message))

    monkeypatch.setattr(InMemoryChannelLayer, "group_send", keep)
    key = ann.cookies["sessionid"].value
    row = LoginSession.objects.get()
    ann.post(LOGOUT)
    ((_, message),) = sent
    assert message == {
        "type": "django_logout.ended",
        "reason": Reason.USER.value,
        "ids": [str(row.pk)],
    }
    assert key not in repr(sent)


@pytest.mark.parametrize(
    "commands",
    [["log in"], ["log in", "hello"], ["log in", "save"], ["log in", "save", "hello"]],
)
async def test_login_inside_a_socket_is_followed(other: Any, commands: list[str]) -> None:
    """From the message that logs in, although the session has an id only once it is saved."""
    one = await opened(Client(), app=asking_anyone(0.05))
    for command in commands:
        await one.send_to(text_data=command)
        assert "bob" in await one.receive_from(timeout=PATIENCE)

    await aend_sessions(Target.user(other), reason=Reason.REPORTED)

    assert await closed(one) == "reported"
    assert GOODBYES == [4401]


async def test_session_of_a_login_inside_a_socket_ends_alone(ann: Client, other: Any) -> None:
    """Once it is saved, it is a session like any other."""
    one = await opened(Client(), app=asking_anyone(0.05))
    for command in ("log in", "save", "hello"):
        await one.send_to(text_data=command)
        await one.receive_from(timeout=PATIENCE)
    stays = await opened(ann, app=asking_anyone(0.05))

    await sync_to_async(_visit_and_end_sessions_of)(other)

    await closed(one)
    assert await is_open(stays)
    await stays.disconnect(timeout=PATIENCE)


async def test_logout_of_a_login_inside_a_socket(other: Any) -> None:
    """It closes the socket of a session that was saved. One that was not is anonymous again."""
    saved, unsaved = [await opened(Client(), app=asking_anyone(0.05)) for _ in range(2)]
    for one, commands in (
        (saved, ("log in", "save", "hello", "log out")),
        (unsaved, ("log in", "log out")),
    ):
        for command in commands:
            await one.send_to(text_data=command)
            await one.receive_from(timeout=PATIENCE)
    assert await closed(saved) == "user"
    await end(Target.user(other))
    await asyncio.sleep(0.2)
    assert await is_open(unsaved)
    await unsaved.disconnect(timeout=PATIENCE)


@pytest.mark.parametrize("session", [None, {}, {"cart": "lamp"}])
async def test_stand_in_for_a_session(session: Any) -> None:
    """As tests of projects put it into the scope."""
    one = WebsocketCommunicator(ends_with_session(consumers), "/async/")
    one.scope |= {"session": session, "user": AnonymousUser()}
    assert (await one.connect(timeout=PATIENCE))[0]
    assert await is_open(one)
    await one.disconnect(timeout=PATIENCE)


def asking_anyone(interval: float) -> Any:
    """Return the application, with users, and with this polling interval."""
    return AuthMiddlewareStack(ends_with_session(consumers, interval=interval))


def _visit_and_end_sessions_of(user: Any) -> None:
    """End each session of a user by its id; a request registers one that has no row yet."""
    for stored in Session.objects.all():
        client = Client()
        client.cookies["sessionid"] = stored.session_key
        client.get("/write/")
    for row in LoginSession.objects.filter(user=user):
        end_sessions(Target.session(row.pk))
