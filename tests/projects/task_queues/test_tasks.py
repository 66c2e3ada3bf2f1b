"""A task is enqueued by a logout, and delivers."""

from typing import Any

import pytest
from django.core.management import call_command

from django_logout.federation import nudge
from django_logout.notifications.tasks import is_deferred
from tests.clients import LOGOUT, logged_in
from tests.projects.client_deliveries import tell
from tests.projects.clients_toolkit.toolkit import Toolkit
from tests.projects.issuing import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_task_of_a_logout(op: Toolkit, user: Any, receiver: Receiver, monkeypatch: Any) -> None:
    """The thread is told that there is time."""
    begun: list[bool] = []

    def start(at_once: bool) -> None:
        begun.append(at_once)

    monkeypatch.setattr(nudge.worker, "start", start)
    tell(receiver, "shop")
    browser = logged_in(user)
    op.log_in(browser)
    browser.post(LOGOUT)
    assert is_deferred(nudge.deliver_logouts)
    assert (begun, receiver.heard) == ([False], [])
    call_command("db_worker", "--batch", "--no-startup-delay", "--verbosity=0")
    assert len(receiver.heard) == 1
