"""F16: allauth's page says that the other sessions have ended. Run by ``tests/faults/test_allauth_other_sessions.py``."""

from typing import Any

import pytest
from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import path

from django_logout.contrib.allauth import SessionsAdapter
from django_logout.models import LoginSession, LogoutEvent
from django_logout.operations.checks.allauth import check_adapter, check_logout_on_get
from django_logout.testing import assert_logged_out
from tests.faults import points, views
from tests.projects.mfa.urls import urlpatterns as site
from tests.properties.site import Browser, Doorstep, Visit

pytestmark = pytest.mark.django_db(transaction=True)
END_OTHERS = "/allauth/sessions/"
urlpatterns = [path("write/", views.write), path("rotate/", views.rotate), *site]


@pytest.fixture(autouse=True)
def urls(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Views that can be stopped."""
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(points, "pipe", Doorstep())


def browser() -> Browser:
    """In which she has just logged in, by allauth's form."""
    made = Browser()
    made.send("/allauth/login/", {"login": "ann", "password": "pw"})
    assert who(made) == "ann"
    return made


def who(*browsers: Browser) -> Any:
    """Whom the site takes it for; or each of them."""
    found = [each.send("/").text.removeprefix("user=") for each in browsers]
    return found if len(browsers) > 1 else found[0]


def test_the_others_have_ended(engine: str, user: Any) -> None:
    """Whatever was in flight, and whoever has a copy of their cookies."""
    there, rotated, here = browser(), browser(), browser()
    copy = Browser(there.cookie)
    rotated.send("/rotate/", {})
    late = Visit(lambda: there.send("/write/"), "view")
    assert late.stopped
    assert here.send(END_OTHERS, {}).status_code == 302
    late.finish()
    assert who(here, there, rotated, copy) == ["ann", "", "", ""]
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.sessions) == ("user", "others", 2)


@pytest.mark.engines("db", "cached_db", "cache", "file")
def test_one_that_is_chosen_ends_and_no_other(engine: str, user: Any) -> None:
    """By code of the project's. (With signed cookies allauth knows none that could be chosen.)"""
    first, last = browser(), browser()
    get_adapter().end_sessions(UserSession.objects.order_by("-pk")[:1])
    assert who(first, last) == ["ann", ""]
    assert LogoutEvent.objects.get().sessions == 1


@pytest.mark.engines("db", "cache")
def test_this_one_alone_is_not_all_others(engine: str, user: Any, settings: Any) -> None:
    """Though there is no other that allauth knows."""

    def end_here(request: Any) -> Any:
        get_adapter().end_sessions(list(UserSession.objects.filter(session_key=key)))
        return views.home(request)

    settings.ROOT_URLCONF = (path("here/", end_here), *urlpatterns)
    other, here = browser(), browser()
    UserSession.objects.exclude(session_key=here.cookie).delete()
    key = here.cookie
    here.send("/here/")
    assert who(other, here) == ["ann", ""]


@pytest.mark.engines("signed_cookies")
def test_allauth_alone_says_so_and_it_is_not_so(engine: str, user: Any, settings: Any) -> None:
    """What is at stake."""
    settings.USERSESSIONS_ADAPTER = "allauth.usersessions.adapter.DefaultUserSessionsAdapter"
    there, here = browser(), browser()
    assert here.send(END_OTHERS, {}).status_code == 302
    assert who(there) == "ann"


@pytest.mark.engines("db")
def test_nor_does_it_end_what_was_obtained_there(engine: str, user: Any, settings: Any) -> None:
    """Not even where the session itself is gone for good; and nobody is told."""
    settings.USERSESSIONS_ADAPTER = "allauth.usersessions.adapter.DefaultUserSessionsAdapter"
    there, here = browser(), browser()
    assert here.send(END_OTHERS, {}).status_code == 302
    assert who(there) == ""
    assert LoginSession.objects.filter(ended_at=None).count() == 2
    assert not LogoutEvent.objects.exists()


class Adapter(SessionsAdapter):
    """A project's own."""


def test_the_check_says_so(settings: Any) -> None:
    """By default, too; a class that extends ours will do."""
    assert list(check_adapter()) == []
    settings.USERSESSIONS_ADAPTER = f"{__name__}.Adapter"
    assert list(check_adapter()) == []
    settings.USERSESSIONS_ADAPTER = "allauth.usersessions.adapter.DefaultUserSessionsAdapter"
    (found,) = check_adapter()
    assert (found.id, "contrib.allauth.SessionsAdapter" in str(found.hint)) == (
        "django_logout.W062",
        True,
    )
    del settings.USERSESSIONS_ADAPTER
    assert list(check_adapter()) == [found]


def test_logging_out_by_get_is_warned_of(settings: Any, ann: Client) -> None:
    """Whoever sends a browser there logs it out: here, an image of another site."""
    assert list(check_logout_on_get()) == []
    settings.ACCOUNT_LOGOUT_ON_GET = True
    (found,) = check_logout_on_get()
    assert (found.id, "{% logout_button %}" in str(found.hint)) == ("django_logout.W063", True)
    ann.get("/allauth/logout/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"})
    assert_logged_out(ann)
