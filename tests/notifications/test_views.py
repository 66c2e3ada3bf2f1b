"""The link "this was not me": asks on GET, logs out everywhere on POST, once, for a week."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail, signing
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.models import LogoutEvent
from django_logout.notifications import report
from django_logout.operations.cleanup import prune_records
from tests.clients import LOGOUT, Page, copy_of, id_of, logged_in_as
from tests.settings import MIDDLEWARE
from tests.urlconf import OUT, routes
from tests.urls import urlpatterns as site

pytestmark = pytest.mark.django_db(transaction=True)

BASE = LOGOUT.replace("logout", "sessions/not-me")


def link(user: Any, since: Any = None) -> str:
    """The address that a mail would have."""
    return f"{BASE}{report.make_token(user, since or timezone.now())}/"


def browser(user: Any) -> Client:
    """Where somebody has just logged in."""
    client = Client()
    client.force_login(user)
    return client


def test_link_of_a_mail_works_without_being_logged_in(user: Any, settings: Any) -> None:
    """From the login of a stranger to his end, as the user lives it."""
    settings.LOGOUT = {"NOTIFY": ["new_device"]}
    user.email = "ann@example.com"
    user.save()
    agents = ("Firefox/1 Linux", "Chrome/2 Windows")
    data = {"username": "ann", "password": "pw"}
    anns, stranger = clients = Client(), Client()
    for client, agent in zip(clients, agents, strict=True):
        client.post("/login/", data, headers={"user-agent": agent})
    found = re.search(r"http://testserver(\S+)", str(mail.outbox[0].body))
    assert found

    nobody = Client(enforce_csrf_checks=True)
    assert "ann" in Page(nobody.get(found[1])).text
    (form,) = Page(nobody.get(found[1])).all("form")
    answer = nobody.post(str(form["action"]))

    assert answer.status_code == 200
    assert "All sessions of your account have ended" in Page(answer).text
    assert (logged_in_as(anns), logged_in_as(stranger)) == ("", "")
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.user, event.actor) == (
        Reason.REPORTED,
        "user",
        user,
        user,
    )
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_following_the_link_does_nothing(user: Any, method: str) -> None:
    """Mail scanners do."""
    anns = browser(user)

    assert getattr(Client(), method)(link(user)).status_code == 200

    assert logged_in_as(anns) == "ann"
    assert not LogoutEvent.objects.filter(reason=Reason.REPORTED).exists()


def test_second_use_is_calm_and_ends_nothing(user: Any) -> None:
    """Who has logged in again since stays logged in."""
    url = link(user)
    browser(user)
    assert "Already done" not in Page(Client().post(url)).text
    again = browser(user)

    for ask in (Client().get, Client().post):
        response = ask(url)
        assert response.status_code == 200
        assert "Already done" in Page(response).text
        assert not Page(response).all("form")

    assert logged_in_as(again) == "ann"
    assert LogoutEvent.objects.count() == 1


def test_links_of_earlier_mails_are_used_up_too(user: Any) -> None:
    """What they were about has ended. That of a later mail works."""
    earlier, url = link(user), link(user)
    Client().post(url)
    again = browser(user)

    assert "Already done" in Page(Client().post(earlier)).text
    assert logged_in_as(again) == "ann"
    Client().post(link(user))
    assert logged_in_as(again) == ""


def test_other_endings_do_not_use_it_up(user: Any) -> None:
    """Only a report does."""
    url = link(user)
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    stranger = browser(user)

    Client().post(url)

    assert logged_in_as(stranger) == ""


@pytest.mark.parametrize("which", ["others", "session"])
def test_reports_of_less_than_everything_do_not_use_it_up(
    user: Any, settings: Any, which: str
) -> None:
    """A project's own button "this device is lost", which a stranger may press too."""
    first, stranger = browser(user), browser(user)
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
    """Made up, cut off, with another user's name, signed for another purpose, of nobody."""
    clients = browser(user), browser(other)
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
        anns = browser(user)
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
        again = browser(user)

        assert "Already done" in Page(Client().post(url)).text
        assert logged_in_as(again) == "ann"
        settings.SESSION_COOKIE_AGE = 60
        clock.move_to(start + timedelta(days=8, minutes=1))
        assert prune_records().deleted["events"] == 1


def test_browser_of_another_user_stays_as_it_is(user: Any, other: Any) -> None:
    """Ann opens her mail where Bob is logged in: she is logged out, he is not."""
    anns, bobs = browser(user), browser(other)

    bobs.post(link(user))

    assert (logged_in_as(anns), logged_in_as(bobs)) == ("", "bob")


def test_own_browser_is_logged_out_too(user: Any) -> None:
    """Everywhere means here as well."""
    here = browser(user)
    thief = copy_of(here)

    here.post(link(user))

    assert (logged_in_as(here), logged_in_as(thief)) == ("", "")


def test_url_is_kept_from_caches_and_other_sites(user: Any, settings: Any) -> None:
    """Whatever the site's own referrer policy is."""
    settings.SECURE_REFERRER_POLICY = "unsafe-url"

    for response in (
        Client().get(link(user)),
        Client().post(link(user)),
        Client().get(f"{BASE}x/"),
    ):
        assert response["Referrer-Policy"] == "no-referrer"
        assert "no-store" in response["Cache-Control"]


def test_it_is_open_where_everything_else_needs_a_login(user: Any, settings: Any) -> None:
    """``LoginRequiredMiddleware`` lets it through."""
    settings.MIDDLEWARE = [
        *MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]

    assert Client().get(link(user)).status_code == 200
    assert Client().post(link(user)).status_code == 200


@pytest.mark.parametrize("name", ["password_reset", "account_reset_password"])
def test_new_password_is_one_click_away(user: Any, settings: Any, name: str) -> None:
    """If the site has a page for it."""
    url = link(user)
    assert "/new-password/" not in Client().post(url).content.decode()

    settings.ROOT_URLCONF = (
        path("new-password/", lambda request: HttpResponse(), name=name),
        *site,
    )

    assert 'href="/new-password/"' in Client().post(url).content.decode()


def test_what_could_not_be_revoked_is_said(user: Any, settings: Any) -> None:
    """The sessions have ended all the same."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Broken"]}
    anns = browser(user)

    answer = Client().post(link(user))

    assert "Some other access to your account couldn't be revoked" in Page(answer).text
    assert logged_in_as(anns) == ""


def test_outage_is_no_success_and_the_link_can_be_used_again(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 while the cache cannot be told; the second try tells it, instead of "already done"."""
    from django_logout.guard import status_cache

    url, anns = link(user), browser(user)
    close = status_cache.mark_ended
    with monkeypatch.context() as patch:
        patch.setattr(status_cache, "is_used", lambda engine: True)
        patch.setattr(status_cache, "mark_ended", lambda *args, **kwargs: False)
        for _ in range(2):
            answer = Client().post(url)
            assert (answer.status_code, answer["Referrer-Policy"]) == (503, "no-referrer")

    told: list[Any] = []

    def closes(*args: Any, **kwargs: Any) -> bool:
        told.extend(kwargs["earlier"])
        return close(*args, **kwargs)

    monkeypatch.setattr(status_cache, "is_used", lambda engine: True)
    monkeypatch.setattr(status_cache, "mark_ended", closes)
    monkeypatch.setattr(status_cache, "is_used", lambda engine: True)
    assert "Already done" in Page(Client().post(url)).text
    assert told
    assert logged_in_as(anns) == ""
