"""The ground on which a logout is rehearsed: the project's own hosts, URLs and middleware."""

from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import pytest
from django.core.management import CommandError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, set_script_prefix
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from django_logout.sessions import registry
from tests.backends import cache_from_url
from tests.crowds import make_rows
from tests.management.test_explain import Urls, explain
from tests.settings import ENGINES, MIDDLEWARE
from tests.views import home

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "django_logout.middleware.LogoutMiddleware"


def maintenance(get_response: Any) -> Any:
    """A middleware that lets nobody through."""
    return lambda request: HttpResponse("later", status=503)


def no_logins(get_response: Any) -> Any:
    """A middleware that answers every second request itself."""
    seen = []

    def middleware(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse("no") if len(seen) == 2 else get_response(request)

    return middleware


def test_works_for_the_hosts_and_the_prefix_in_force(user: Any, settings: Any) -> None:
    """A real project allows its own hosts only, redirects to HTTPS and may live under a path."""
    settings.ALLOWED_HOSTS = ["*", ".example.com"]
    settings.SECURE_SSL_REDIRECT = True
    settings.MIDDLEWARE = [
        *MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    settings.FORCE_SCRIPT_NAME = "/site"
    set_script_prefix("/site/")
    try:
        assert "replayed, and refused" in explain()
    finally:
        set_script_prefix("/")


@pytest.mark.parametrize("at_limit", ["end_oldest", "refuse", "ask"])
def test_real_sessions_stay_though_there_are_as_many_as_are_allowed(
    user: Any, settings: Any, at_limit: str
) -> None:
    """The rehearsed login is let in beside them; the next real one counts."""
    settings.LOGOUT = {"MAX_SESSIONS": lambda who, request: 1, "ON_MAX_SESSIONS": at_limit}
    real = Client()
    real.force_login(user)
    assert "Not ended:      1 other sessions of ann" in explain()
    assert real.get("/").content == b"user=ann"
    if at_limit == "end_oldest":
        Client().force_login(user)
        assert real.get("/").content == b"user="


def test_nobody_is_written_to(user: Any, settings: Any, mailoutbox: Any) -> None:
    """As of a login with a new device, which this process would be; nor of an ending, where the
    site's own view ends nothing."""
    settings.LOGOUT = {"NOTIFY": ("new_device", "sessions_ended")}
    user.email = "ann@example.com"
    user.save()
    make_rows(user, 1, user_agent="curl/8.0", ip_address="192.0.2.0")
    explain()
    settings.ROOT_URLCONF = Urls(path("out/", home, name="logout"))
    with pytest.raises(CommandError, match="still served"):
        explain()
    assert not mailoutbox


def test_what_was_ended_with_everyones_is_not_said_to_live(user: Any) -> None:
    """Though its row has not been touched."""
    make_rows(user, 1, created_at=timezone.now() - timedelta(hours=1))
    end_sessions(Target.everyone())
    assert "Not ended:      0 other sessions of ann" in explain()


def test_a_project_without_the_url_is_told_what_to_add(user: Any, settings: Any) -> None:
    """Not a NoReverseMatch."""
    settings.ROOT_URLCONF = Urls()
    with pytest.raises(CommandError, match=r'include\("django_logout\.urls"\)'):
        explain()


@pytest.mark.parametrize(
    "gone",
    [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        OURS,
    ],
)
def test_a_project_without_the_middleware_is_told_which(
    user: Any, settings: Any, gone: str
) -> None:
    """Seen from what requests meet, not from the setting."""
    settings.MIDDLEWARE = [entry for entry in MIDDLEWARE if entry != gone]
    if gone.endswith("SessionMiddleware"):
        settings.MIDDLEWARE.remove(OURS)
        settings.MIDDLEWARE.remove("django.contrib.auth.middleware.AuthenticationMiddleware")
        settings.MIDDLEWARE.remove("django.contrib.messages.middleware.MessageMiddleware")
    with pytest.raises(CommandError, match=gone):
        explain()
    assert not LoginSession.objects.exists()


def test_a_middleware_that_is_in_the_way_is_not_mistaken_for_a_logout(
    user: Any, settings: Any
) -> None:
    """Maintenance mode, or one that keeps people from logging in."""
    settings.MIDDLEWARE = [f"{__name__}.maintenance", *MIDDLEWARE]
    with pytest.raises(CommandError, match=r"SessionMiddleware"):
        explain()
    settings.MIDDLEWARE = [*MIDDLEWARE, f"{__name__}.no_logins"]
    with pytest.raises(
        CommandError, match=r"Logging in failed: a middleware answered with status 200"
    ):
        explain()
    assert not LoginSession.objects.exists()


def test_a_cache_that_is_down_is_told_as_it_is(user: Any, settings: Any) -> None:
    """The session could not be ended, and the command does not say that it was (F11)."""
    settings.SESSION_ENGINE = ENGINES["signed_cookies"]
    settings.CACHES = {"default": cache_from_url("redis://127.0.0.1:1")}
    with pytest.raises(
        CommandError, match=r"does not answer\. The session stays active until it expires"
    ):
        explain()
    assert LoginSession.objects.get().ended_at is None


def test_the_row_of_an_adopted_session_is_kept(user: Any) -> None:
    """A session that claims no id of ours is refused by its row alone."""
    now = timezone.now()
    row = {"user": user, "expires_at": now, "ended_at": now}
    adopted = LoginSession.objects.create(id=uuid5(NAMESPACE_URL, "a key"), **row)
    registered = LoginSession.objects.create(id=uuid4(), **row)
    registry.delete_ended_row(adopted.pk)
    registry.delete_ended_row(registered.pk)
    assert LoginSession.objects.get() == adopted
