"""Who has heard: what users read on the goodbye page and that of sessions, and administrators on that of an event."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from django_logout import Target, end_sessions, hooks
from django_logout.federation import nudge, sender, told
from django_logout.federation.models import ClientLink, Delivery
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import LOGOUT, SESSIONS, logged_in
from tests.projects.client_deliveries import tell
from tests.projects.clients_toolkit.toolkit import Toolkit
from tests.projects.issuing import Receiver

pytestmark = pytest.mark.django_db(transaction=True)

HEARD = "Shop has logged you out, too."
WAITING = "Shop does not know of it yet. You may still be logged in there."
FAILED = "Shop could not be told. You may still be logged in there."


@pytest.fixture
def here(op: Toolkit, user: Any, receiver: Receiver) -> Client:
    """A browser with a login at an application that hears, and at one that does not."""
    browser = logged_in(user)
    op.log_in(browser)
    op.log_in(browser, "news")
    tell(receiver, "shop")
    return browser


def text(response: Any) -> str:
    """Return a page, without the entities."""
    return str(response.content.decode())


def test_goodbye_page(here: Client) -> None:
    """It claims nothing of an application that has not heard."""
    page = text(here.post(LOGOUT))
    assert WAITING in page
    assert "News" not in page


def test_goodbye_page_after_a_wait(here: Client, settings: Any, monkeypatch: Any) -> None:
    """Then most have heard."""
    settings.LOGOUT = {**settings.LOGOUT, "DELIVERY": "auto", "WAIT_FOR_CLIENTS": 1.5}
    monkeypatch.setattr(nudge.worker, "start", lambda at_once: sender.deliver())
    assert HEARD in text(here.post(LOGOUT))


@pytest.mark.parametrize(("status", "sentence"), [(200, HEARD), (503, WAITING), (400, FAILED)])
def test_page_of_sessions(
    here: Client, user: Any, receiver: Receiver, status: int, sentence: str
) -> None:
    """By the ending, once, also if it was of several sessions."""
    receiver.status = status
    Toolkit().log_in(logged_in(user))
    end_sessions(Target.user(user))
    sender.deliver()
    page = text(logged_in(user).get(SESSIONS))
    assert page.count(sentence) == 1
    assert "Recently ended" in page


def test_worst_of_several(here: Client, user: Any, receiver: Receiver) -> None:
    """One of two sessions was heard of."""
    Toolkit().log_in(logged_in(user))
    end_sessions(Target.sessions(LoginSession.objects.all()))
    first, second = Delivery.objects.all()
    Delivery.objects.filter(pk=first.pk).update(state="heard", settled_at=timezone.now())
    assert WAITING in text(logged_in(user).get(SESSIONS))
    Delivery.objects.filter(pk=second.pk).update(state="failed", settled_at=timezone.now())
    assert FAILED in text(logged_in(user).get(SESSIONS))


def test_nobody_reads_of_others(here: Client, user: Any, receiver: Receiver) -> None:
    """An ending of several users names their applications to none of them."""
    other = get_user_model().objects.create_user("bob")
    logged_in(other)
    end_sessions(Target.users(get_user_model().objects.all()))
    assert Delivery.objects.count() == 1
    assert "Shop" not in text(logged_in(other).get(SESSIONS))


def test_site_that_is_no_provider_any_more(here: Client, settings: Any) -> None:
    """Nothing is said, and nothing is asked of the database."""
    here.post(LOGOUT)
    own = {"OAUTH2_VALIDATOR_CLASS": "oauth2_provider.oauth2_validators.OAuth2Validator"}
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **own}
    assert told.tell([LogoutEvent.objects.get().pk]) == {}


def test_hook_that_fails(here: Client, monkeypatch: Any, caplog: Any) -> None:
    """The page is shown without what it would add."""

    def fail(event_ids: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(hooks, "told", [fail])
    assert "Logged out" in text(here.post(LOGOUT))
    assert "could not be found out" in caplog.text


def test_page_of_an_event_in_the_admin(here: Client, receiver: Receiver) -> None:
    """With the status and the next try, and without the name of the session."""
    receiver.status = 503
    here.post(LOGOUT)
    sender.deliver()
    get_user_model().objects.create_superuser("boss", "", "pw")
    boss = Client()
    boss.login(username="boss", password="pw")
    event, row = LogoutEvent.objects.get(scope="current"), Delivery.objects.get()
    page = text(boss.get(f"/admin/django_logout/logoutevent/{event.pk}/change/"))
    assert "Logouts told to applications" in page or "logouts told to applications" in page
    assert "Waiting" in page
    assert ">503<" in page
    assert row.sid not in page
    Delivery.objects.all().delete()
    page = text(boss.get(f"/admin/django_logout/logoutevent/{event.pk}/change/"))
    assert "ogouts told to applications" not in page


def test_page_of_an_event_with_many_deliveries(here: Client, receiver: Receiver) -> None:
    """It shows a hundred, what is not heard first; an ending for everyone may have any number."""
    here.post(LOGOUT)
    event = LogoutEvent.objects.get(scope="current")
    states = ["heard"] * 120 + ["failed"]
    Delivery.objects.bulk_create(
        Delivery(pk=uuid4(), event=event, client_id=f"app{n}", state=state)
        for n, state in enumerate(states)
    )
    get_user_model().objects.create_superuser("boss", "", "pw")
    boss = Client()
    boss.login(username="boss", password="pw")
    page = text(boss.get(f"/admin/django_logout/logoutevent/{event.pk}/change/"))
    assert page.count('class="field-client_id"') == 100
    assert ">app120<" in page


def test_old_deliveries_are_pruned(here: Client, receiver: Receiver) -> None:
    """They go with their event, and the login with its session. What is young stays."""
    here.post(LOGOUT)
    sender.deliver()
    call_command("logout", "prune", verbosity=0)
    assert (Delivery.objects.count(), ClientLink.objects.count()) == (1, 2)
    old = timezone.now() - timedelta(days=400)
    LogoutEvent.objects.update(created_at=old)
    LoginSession.objects.update(ended_at=old, expires_at=old)
    call_command("logout", "prune", verbosity=0)
    assert (Delivery.objects.count(), ClientLink.objects.count()) == (0, 0)
