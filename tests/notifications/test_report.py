"""A link "this was not me" is valid once, for a week, and cannot be forged."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.models import LogoutEvent
from django_logout.notifications import report
from django_logout.operations.cleanup import prune_records
from tests.clients import LOGOUT, Page, id_of, logged_in, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


BASE = LOGOUT.replace("logout", "sessions/not-me")


def link(user: Any, since: Any = None) -> str:
    """The address that a mail would have."""
    return f"{BASE}{report.make_token(user, since or timezone.now())}/"


def test_second_use_is_calm_and_ends_nothing(user: Any) -> None:
    """Who has logged in again since stays logged in."""
    url = link(user)
    logged_in(user)
    assert "Already done" not in Page(Client().post(url)).text
    again = logged_in(user)

    for ask in (Client().get, Client().post):
        response = ask(url)
        assert response.status_code == 200
        assert "Already done" in Page(response).text
        assert not Page(response).all("form")

    assert logged_in_as(again) == "ann"
    assert LogoutEvent.objects.count() == 1


def test_links_of_earlier_mails_are_used_up(user: Any) -> None:
    """What they were about has ended. That of a later mail works."""
    earlier, url = link(user), link(user)
    Client().post(url)
    again = logged_in(user)

    assert "Already done" in Page(Client().post(earlier)).text
    assert logged_in_as(again) == "ann"
    Client().post(link(user))
    assert logged_in_as(again) == ""


def test_other_endings_do_not_use_it_up(user: Any) -> None:
    """Only a report does."""
    url = link(user)
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    stranger = logged_in(user)

    Client().post(url)

    assert logged_in_as(stranger) == ""


@pytest.mark.parametrize("which", ["others", "session"])
def test_reports_of_less_than_everything_do_not_use_it_up(
    user: Any, settings: Any, which: str
) -> None:
    """A project's own button "this device is lost", which a stranger may press too."""
    first, stranger = logged_in(user), logged_in(user)
    url = link(user)

    def report_others(request: HttpRequest) -> HttpResponse:
        target = Target.session(id_of(first)) if which == "session" else Target.others(request)
        end_sessions(target, reason=Reason.REPORTED, actor=request.user, request=request)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(report_others)
    stranger.get(OUT)
    assert (logged_in_as(first), logged_in_as(stranger)) == ("", "ann")

    assert "Already done" not in Page(Client().post(url)).text
    assert logged_in_as(stranger) == ""


def forged(user: Any, other: Any) -> list[str]:
    """Tokens that are none."""
    gone = type(user).objects.create_user("gone")
    type(user).objects.filter(pk=gone.pk).delete()
    good = report.make_token(user, timezone.now())
    body, _, rest = good.partition(":")
    theirs = report.make_token(other, timezone.now()).partition(":")[0]
    return [
        "x",
        good[:-1],
        f"{theirs}:{rest}",
        f"{body}:{rest[::-1]}",
        signing.dumps([str(user.pk), 0.0], salt="another purpose"),
        report.make_token(gone, timezone.now()),
    ]


@pytest.mark.parametrize("number", range(6))
def test_forged_link_does_nothing(user: Any, other: Any, number: int) -> None:
    """Forged, cut off, with another user's name, signed for another purpose, of no user."""
    clients = logged_in(user), logged_in(other)
    url = f"{BASE}{forged(user, other)[number]}/"

    for ask in (Client().get, Client().post):
        response = ask(url)
        assert response.status_code == 404
        assert "This link is not valid" in Page(response).text

    assert [*map(logged_in_as, clients)] == ["ann", "bob"]
    assert not LogoutEvent.objects.filter(reason=Reason.REPORTED).exists()


@pytest.mark.parametrize("retention", [None, 0, timedelta(days=90)])
def test_link_is_too_old_after_a_week(user: Any, settings: Any, retention: Any) -> None:
    """However short the time that anything is kept for: the mail says so."""
    settings.LOGOUT = {"RETENTION": retention}
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        url = link(user)
        clock.move_to(start + timedelta(days=7, minutes=-1))
        assert Client().get(url).status_code == 200
        clock.move_to(start + timedelta(days=7, minutes=1))
        anns = logged_in(user)
        assert Client().post(url).status_code == 404

        assert logged_in_as(anns) == "ann"


def test_that_it_was_used_is_known_for_as_long(user: Any, settings: Any) -> None:
    """Whatever is pruned."""
    settings.LOGOUT, settings.SESSION_COOKIE_AGE = {"RETENTION": 0}, 60
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        url = link(user)
        clock.shift(1)
        Client().post(url)
        clock.move_to(start + timedelta(days=7, minutes=-1))
        prune_records()
        settings.SESSION_COOKIE_AGE = 30 * 24 * 60 * 60  # the kernel says how old a file is
        again = logged_in(user)

        assert "Already done" in Page(Client().post(url)).text
        assert logged_in_as(again) == "ann"
        settings.SESSION_COOKIE_AGE = 60
        clock.move_to(start + timedelta(days=8, minutes=1))
        assert prune_records().deleted["events"] == 1
