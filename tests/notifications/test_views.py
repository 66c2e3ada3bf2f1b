"""The link "this was not me": asks on GET, logs out everywhere on POST, once, for a week."""

import re
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from django_logout import Reason
from django_logout.models import LogoutEvent
from tests.clients import Page, copy_of, logged_in, logged_in_as
from tests.notifications.test_report import BASE, link
from tests.outages import use_status_cache
from tests.settings import MIDDLEWARE
from tests.urls import urlpatterns as site

pytestmark = pytest.mark.django_db(transaction=True)


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
    anns = logged_in(user)

    assert getattr(Client(), method)(link(user)).status_code == 200

    assert logged_in_as(anns) == "ann"
    assert not LogoutEvent.objects.filter(reason=Reason.REPORTED).exists()


def test_browser_of_another_user_stays_as_it_is(user: Any, other: Any) -> None:
    """Ann opens her mail where Bob is logged in: she is logged out, he is not."""
    anns, bobs = logged_in(user), logged_in(other)

    bobs.post(link(user))

    assert (logged_in_as(anns), logged_in_as(bobs)) == ("", "bob")


def test_browser_that_follows_the_link_is_logged_out(user: Any) -> None:
    """Everywhere means here as well."""
    here = logged_in(user)
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
    anns = logged_in(user)

    answer = Client().post(link(user))

    assert "Some other access to your account couldn't be revoked" in Page(answer).text
    assert logged_in_as(anns) == ""


def test_outage_is_no_success_and_the_link_can_be_used_again(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 while the cache cannot be told; the second try tells it, instead of "already done"."""
    from django_logout.guard import status_cache

    url, anns = link(user), logged_in(user)
    close = status_cache.mark_ended
    with monkeypatch.context() as patch:
        use_status_cache(patch)
        patch.setattr(status_cache, "mark_ended", lambda *args, **kwargs: False)
        for _ in range(2):
            answer = Client().post(url)
            assert (answer.status_code, answer["Referrer-Policy"]) == (503, "no-referrer")

    told: list[Any] = []

    def closes(*args: Any, **kwargs: Any) -> bool:
        told.extend(kwargs["earlier"])
        return close(*args, **kwargs)

    use_status_cache(monkeypatch)
    monkeypatch.setattr(status_cache, "mark_ended", closes)
    assert "Already done" in Page(Client().post(url)).text
    assert told
    assert logged_in_as(anns) == ""
