"""F16: allauth's page ends the other sessions, as it says."""

from typing import Any

import pytest
from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import include, path

from django_logout.contrib.allauth import SessionsAdapter
from django_logout.models import LoginSession, LogoutEvent
from django_logout.operations.checks.allauth import check_adapter, check_logout_on_get
from django_logout.testing import assert_logged_out
from tests.projects.mfa.urls import urlpatterns as site
from tests.projects.system_checks import messages
from tests.properties.requests import Browser, Doorstep, Visit
from tests.races import stop_points, views

pytestmark = pytest.mark.django_db(transaction=True)
END_OTHERS = "/allauth/sessions/"
urlpatterns = [path("write/", views.write), path("rotate/", views.rotate), *site]


@pytest.fixture(autouse=True)
def urls(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve views that can be stopped."""
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(stop_points, "pipe", Doorstep())


def browser() -> Browser:
    """Return a browser that has just logged in with allauth's form."""
    made = Browser()
    made.send("/allauth/login/", {"login": "ann", "password": "pw"})
    assert who(made) == "ann"
    return made


def who(*browsers: Browser) -> Any:
    """Return the user that the site takes the browser for, or those of several browsers."""
    found = [each.send("/").text.removeprefix("user=") for each in browsers]
    return found if len(browsers) > 1 else found[0]


def test_end_others_ends_every_copy(engine: str, user: Any) -> None:
    """With a request in flight, a rotated key and a copied cookie."""
    there, rotated, here = browser(), browser(), browser()
    copy = Browser(there.cookie)
    rotated.send("/rotate/", {})
    late = Visit(lambda: there.send("/write/"), "view")
    assert late.stopped
    assert here.send(END_OTHERS, {}).status_code == 302
    late.finish()
    assert who(here, there, rotated, copy) == ["ann", "", "", ""]
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.sessions) == ("remote", "others", 2)


@pytest.mark.engines("db", "cached_db", "cache", "file")
def test_adapter_ends_chosen_session(engine: str, user: Any) -> None:
    """By project code. With signed cookies, allauth has no session to choose."""
    first, last = browser(), browser()
    get_adapter().end_sessions(UserSession.objects.order_by("-pk")[:1])
    assert who(first, last) == ["ann", ""]
    assert LogoutEvent.objects.get().sessions == 1


@pytest.mark.engines("db", "cache")
def test_ending_current_session_spares_others(engine: str, user: Any, settings: Any) -> None:
    """Although allauth knows no other one."""

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
def test_stock_adapter_leaves_session_active(engine: str, user: Any, settings: Any) -> None:
    """What is at stake: allauth claims success."""
    settings.USERSESSIONS_ADAPTER = "allauth.usersessions.adapter.DefaultUserSessionsAdapter"
    there, here = browser(), browser()
    assert here.send(END_OTHERS, {}).status_code == 302
    assert who(there) == "ann"


@pytest.mark.engines("db")
def test_stock_adapter_records_nothing(engine: str, user: Any, settings: Any) -> None:
    """Even where the session itself is deleted, our row stays active, and no event is written."""
    settings.USERSESSIONS_ADAPTER = "allauth.usersessions.adapter.DefaultUserSessionsAdapter"
    there, here = browser(), browser()
    assert here.send(END_OTHERS, {}).status_code == 302
    assert who(there) == ""
    assert LoginSession.objects.filter(ended_at=None).count() == 2
    assert not LogoutEvent.objects.exists()


class Adapter(SessionsAdapter):
    """A project's own adapter."""


def test_check_names_stock_adapter(settings: Any) -> None:
    """For the default too; a subclass of ours is accepted."""
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


def test_check_warns_of_logout_by_get(settings: Any, ann: Client) -> None:
    """An image on another site would log the user out."""
    assert list(check_logout_on_get()) == []
    settings.ACCOUNT_LOGOUT_ON_GET = True
    (found,) = check_logout_on_get()
    assert (found.id, "{% logout_button %}" in str(found.hint)) == ("django_logout.W063", True)
    ann.get("/allauth/logout/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"})
    assert_logged_out(ann)


def test_check_of_the_same_prefix(settings: Any) -> None:
    """Our pages would replace allauth's silently."""
    ours, theirs = "django_logout.urls", "allauth.urls"
    settings.LOGIN_URL = "https://login.example.com/"
    settings.ACCOUNT_LOGOUT_REDIRECT_URL = "/bye/"
    found = {}
    for prefix in ("account/", "accounts/"):
        settings.ROOT_URLCONF = (path(prefix, include(ours)), path("accounts/", include(theirs)))
        found[prefix] = {message.id: message.hint for message in messages()}
    assert found["account/"] == {}
    assert found["accounts/"].keys() == {"django_logout.W014", "django_logout.W015"}
    assert (
        'path("account/", include("django_logout.urls"))'
        in found["accounts/"]["django_logout.W014"]
    )
    assert found["accounts/"]["django_logout.W015"] == "Write LOGOUT_REDIRECT_URL = '/bye/'."


def test_check_of_the_same_prefix_with_an_argument(settings: Any) -> None:
    """Where a page leads depends on the argument, so the check says nothing of it."""
    settings.ROOT_URLCONF = (
        path("<slug:tenant>/", include("django_logout.urls")),
        path("<slug:tenant>/", include("allauth.urls")),
    )
    settings.LOGIN_URL = "https://login.example.com/"
    settings.LOGOUT_REDIRECT_URL = "/"
    assert not {"django_logout.W014", "django_logout.W015"} & {each.id for each in messages()}
