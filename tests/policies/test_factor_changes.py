"""End sessions when the project says that a factor has changed. The project ``mfa`` tests other
apps' signals."""

from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import SessionNotEnded, credentials_changed
from django_logout.models import LoginSession, LogoutEvent
from tests.outages import make_cache_unwritable
from tests.urlconf import OUT, routes


def alive() -> int:
    """How many sessions have not ended."""
    return LoginSession.objects.filter(ended_at=None).count()


@pytest.mark.parametrize("said", [True, False])
def test_user_who_changes_a_factor_stays_logged_in(
    engine: str, user: Any, settings: Any, said: bool
) -> None:
    """Whether the request is given or found; the others have ended, for the reason that is so."""

    def change(request: HttpRequest) -> HttpResponse:
        credentials_changed(user, request=request if said else None)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(change)
    here, there = Client(), Client()
    for browser in (here, there):
        browser.force_login(user)
    here.get(OUT)
    assert here.get("/private/").status_code == 200
    assert there.get("/private/").status_code == 302
    event = LogoutEvent.objects.get()
    assert (event.reason, event.actor, event.sessions) == ("factor_changed", user, 1)


def test_change_by_an_administrator_ends_all_sessions(
    engine: str, user: Any, other: Any, settings: Any
) -> None:
    """By an administrator, whose own session stays."""

    def change(request: HttpRequest) -> HttpResponse:
        credentials_changed(user, reason="key_returned")
        return HttpResponse()

    settings.ROOT_URLCONF = routes(change)
    admin = Client()
    admin.force_login(other)
    Client().force_login(user)
    admin.get(OUT)
    assert LoginSession.objects.get(ended_at=None).user == other
    assert LogoutEvent.objects.get().reason == "key_returned"


def test_rolled_back_with_the_change(user: Any) -> None:
    """Nothing has ended."""
    Client().force_login(user)
    with transaction.atomic():
        credentials_changed(user)
        transaction.set_rollback(True)
    assert alive() == 1


def test_an_ending_that_cannot_be_promised_is_said_aloud(user: Any, monkeypatch: Any) -> None:
    """Django refuses no session for this, so the failure must be reported."""
    make_cache_unwritable(monkeypatch)
    with pytest.raises(SessionNotEnded):
        credentials_changed(user)
