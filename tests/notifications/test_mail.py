"""Mails: of a login with a new device, of sessions ended from elsewhere; and of nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import login
from django.core import mail
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.utils import translation

from django_logout import Reason, Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from django_logout.sessions.devices import device_name, shown_address
from tests.clients import LOGOUT, logged_in_as
from tests.mails import ENDED, IPHONE, LINUX, LINUX_LATER, NEW, SECRET, log_in, subjects
from tests.query_counts import cost
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def both(settings: Any) -> None:
    """A site that wants every mail there is."""
    settings.LOGOUT = {"NOTIFY": ["new_device", "sessions_ended"]}


@pytest.fixture
def user(user: Any) -> Any:
    """Ann, who has an address."""
    user.email = "ann@example.com"
    user.save()
    return user


def test_first_known_login_is_nothing_new(user: Any) -> None:
    """There is nothing to compare it with."""
    log_in()

    assert subjects() == []


@pytest.mark.parametrize(
    ("agent", "ip"), [(IPHONE, "198.51.100.7"), (LINUX, "203.0.113.9"), (LINUX, "2001:db8::1")]
)
def test_unknown_device_or_network_is_told(user: Any, agent: str, ip: str) -> None:
    """Another browser, or the same in another network: device, when, a link; no more than once."""
    log_in()

    log_in(agent, ip)

    (message,) = mail.outbox
    assert message.subject == NEW
    assert message.to == ["ann@example.com"]
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert f"Device: {device_name(agent)}\n" in message.body
    assert "http://testserver/accounts/sessions/not-me/" in message.body
    stored = LoginSession.objects.latest("created_at").ip_address
    assert f"IP address: {shown_address(stored)}\n" in message.body
    log_in(agent, ip)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("storage", ["full", "truncated", "none"])
def test_known_device_is_not_told(user: Any, settings: Any, storage: str) -> None:
    """The same browser in the same network, a version later and in another language."""
    settings.LOGOUT = {**settings.LOGOUT, "IP_STORAGE": storage}
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    with translation.override("en"):
        log_in()
        german = Client(headers={"accept-language": "de"})
        log_in(LINUX_LATER, "198.51.100.200", german)

    assert subjects() == []
    assert set(LoginSession.objects.values_list("device", flat=True)) == {"Firefox on Linux"}


def test_sessions_from_before_our_time_say_nothing(user: Any) -> None:
    """Nothing is known of their devices: the first login that is known is no new one."""
    now = LogoutEvent().created_at
    LoginSession.objects.create(user=user, created_at=now, expires_at=now + timedelta(days=1))

    log_in()

    assert subjects() == []


def test_logging_in_again_in_a_session_is_not_told(user: Any) -> None:
    """It is the same session and the same device."""
    log_in()
    client = log_in(IPHONE)
    mail.outbox.clear()

    log_in(IPHONE, client=client)

    assert subjects() == []


def test_logins_without_a_session_are_not_told(user: Any) -> None:
    """As some projects announce logins with a token."""
    from django.contrib.auth.signals import user_logged_in

    user_logged_in.send(sender=type(user), request=None, user=user)
    user_logged_in.send(sender=type(user), request=RequestFactory().get("/"), user=user)

    assert subjects() == []


def test_nothing_is_sent_or_asked_unless_the_site_wants_it(user: Any, settings: Any) -> None:
    """By default no mail, and no query more."""
    log_in()
    settings.LOGOUT = {}
    with cost() as without:
        client = log_in(IPHONE)
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    assert subjects() == []

    settings.LOGOUT = {"NOTIFY": ["sessions_ended"]}
    with cost() as other_kind:
        log_in(IPHONE, client=Client())
    assert other_kind.queries == without.queries
    assert logged_in_as(client) == ""
    assert subjects() == []


@pytest.mark.parametrize("field", ["email", "is_active"])
def test_user_without_an_address_gets_no_mail(user: Any, field: str) -> None:
    """No address, or no account to speak of."""
    log_in()
    setattr(user, field, "" if field == "email" else False)
    user.save()

    end_sessions(Target.user(user), reason=Reason.DISABLED)

    assert subjects() == []


def test_endings_from_elsewhere_are_told_once(user: Any, other: Any) -> None:
    """One mail for an ending, with what ended and why; none to those it is not about."""
    Client().force_login(other)
    log_in()
    log_in()
    log_in(IPHONE)
    mail.outbox.clear()

    end_sessions(Target.user(user), reason=Reason.ADMIN, request=RequestFactory().get("/"))

    (message,) = mail.outbox
    assert message.subject == ENDED
    assert "Reason: An administrator ended your session." in message.body
    assert message.body.count("Device: Firefox on Linux\n") == 1
    assert message.body.count(f"Device: {device_name(IPHONE)}\n") == 1


def test_sessions_a_user_ends_from_another_device_are_told(user: Any) -> None:
    """The change was made by a user who was logged in, who need not be the owner. The browser that
    made it gets no mail."""
    log_in(IPHONE)
    here = log_in()
    mail.outbox.clear()

    here.post(f"{LOGOUT.replace('logout', 'sessions')}end-all/")

    (message,) = mail.outbox
    assert "Someone who was logged in to your account requested it." in message.body
    assert device_name(IPHONE) in message.body
    assert "Firefox" not in message.body


def test_many_users_get_a_mail_each(user: Any, other: Any) -> None:
    """Of one ending, with one event."""
    other.email = "bob@example.com"
    other.save()
    Client().force_login(other)
    log_in()

    end_sessions(Target.users(type(user).objects.all()), reason=Reason.COMMAND)

    assert sorted(message.to[0] for message in mail.outbox) == ["ann@example.com", other.email]


@pytest.mark.parametrize(
    "reason",
    ["idle", "absolute_timeout", "expired", "flushed", "switched", "reported", "deleted"],
)
def test_endings_without_an_actor_send_no_mail(user: Any, reason: str) -> None:
    """Clocks, this browser, the user's own report."""
    log_in()

    end_sessions(Target.user(user), reason=reason)

    assert subjects() == []


def test_logging_out_is_not_told(user: Any) -> None:
    """The user who does it is present."""
    log_in().post(LOGOUT)

    assert LogoutEvent.objects.exists()
    assert subjects() == []


def test_reasons_of_a_projects_own_are_told(user: Any) -> None:
    """They have no sentence."""
    log_in()

    end_sessions(Target.user(user), reason="contract over")

    assert "Reason: Your session has ended." in mail.outbox[0].body


def test_rolled_back_endings_and_logins_are_not_told(user: Any) -> None:
    """They have not happened."""
    log_in()
    request = RequestFactory().get("/", headers={"user-agent": IPHONE})
    request.session = Client().session

    with transaction.atomic():
        login(request, user)
        end_sessions(Target.user(user), reason=Reason.ADMIN)
        transaction.set_rollback(True)
    assert subjects() == []

    with transaction.atomic():
        end_sessions(Target.user(user), reason=Reason.ADMIN)
        assert subjects() == []
    assert len(subjects()) == 1


async def test_logins_under_asgi_are_told(user: Any) -> None:
    """The same mails."""
    client = AsyncClient()
    for agent in (LINUX, IPHONE):
        client.cookies.clear()
        await client.post("/login/", SECRET, headers={"user-agent": agent})

    assert subjects() == [NEW]


def test_what_is_gone_meanwhile_is_not_told(user: Any) -> None:
    """A queue takes its time: session, event or user may have been deleted."""
    from django_logout.notifications.mail import send_new_device_mail, send_sessions_ended_mail

    def run(work: Any, **arguments: Any) -> None:
        getattr(work, "func", work)(**arguments, site="")

    log_in()
    event = end_sessions(Target.user(user), reason=Reason.ADMIN).event
    assert event is not None
    mail.outbox.clear()
    nobody, user_id = str(LogoutEvent().pk), str(user.pk)

    run(send_new_device_mail, session_id=nobody)
    run(send_sessions_ended_mail, event_id=nobody, user_id=user_id, own=[])
    type(user).objects.filter(pk=user.pk).delete()
    run(send_sessions_ended_mail, event_id=str(event.pk), user_id=user_id, own=[])

    assert subjects() == []


def view_logs_in(request: HttpRequest) -> HttpResponse:
    """As a project's own view does, in a transaction."""
    from django.contrib.auth import get_user_model

    with transaction.atomic():
        login(request, get_user_model().objects.get(username="ann"))
        assert subjects() == []
    return HttpResponse()


def test_login_that_is_rolled_back_and_lives_on_is_told(user: Any, settings: Any) -> None:
    """Its session lies outside of the database, and is registered again: a thief is no less in."""

    def view(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            login(request, user)
            transaction.set_rollback(True)
        return HttpResponse()

    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.ROOT_URLCONF = routes(view)
    log_in()

    thief = Client(headers={"user-agent": IPHONE})
    thief.get(OUT)

    assert logged_in_as(thief) == "ann"
    assert subjects() == [NEW]
    assert "http://testserver/accounts/sessions/not-me/" in mail.outbox[0].body


def test_login_in_a_transaction_is_told_after_it(user: Any, settings: Any) -> None:
    """Not before it is committed."""
    log_in()
    settings.ROOT_URLCONF = routes(view_logs_in)

    Client(headers={"user-agent": IPHONE}).get(OUT)

    assert subjects() == [NEW]
