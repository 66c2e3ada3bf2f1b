"""``manage.py logout explain`` works with the project's own hosts, URLs and middleware."""

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
from tests.factories import make_rows
from tests.management.command import Urls, explain
from tests.settings import ENGINES, MIDDLEWARE
from tests.views import home

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "django_logout.middleware.LogoutMiddleware"


def maintenance(get_response: Any) -> Any:
    """A middleware that answers every request itself."""
    return lambda request: HttpResponse("later", status=503)


def no_logins(get_response: Any) -> Any:
    """A middleware that answers the second request itself."""
    seen = []

    def middleware(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse("no") if len(seen) == 2 else get_response(request)

    return middleware


def test_works_with_allowed_hosts_and_a_script_prefix(user: Any, settings: Any) -> None:
    """A real project allows its own hosts only, redirects to HTTPS, and may be mounted under a
    path."""
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
def test_real_sessions_stay_active_at_the_limit(user: Any, settings: Any, at_limit: str) -> None:
    """The rehearsed login does not count, and the next real one does."""
    settings.LOGOUT = {"MAX_SESSIONS": lambda who, request: 1, "ON_MAX_SESSIONS": at_limit}
    real = Client()
    real.force_login(user)
    assert "Not ended:      1 other session of ann" in explain()
    assert real.get("/").content == b"user=ann"
    if at_limit == "end_oldest":
        Client().force_login(user)
        assert real.get("/").content == b"user="


def test_no_mail_is_sent(user: Any, settings: Any, mailoutbox: Any) -> None:
    """The rehearsed login is from a new device, and the session may be ended by the clean-up."""
    settings.LOGOUT = {"NOTIFY": ("new_device", "sessions_ended")}
    user.email = "ann@example.com"
    user.save()
    make_rows(user, 1, user_agent="curl/8.0", ip_address="192.0.2.0")
    explain()
    settings.ROOT_URLCONF = Urls(path("out/", home, name="logout"))
    with pytest.raises(CommandError, match="still served"):
        explain()
    assert not mailoutbox


def test_session_cut_off_with_everyones_is_not_counted(user: Any) -> None:
    """Its row has not been updated."""
    make_rows(user, 1, created_at=timezone.now() - timedelta(hours=1))
    end_sessions(Target.everyone())
    assert "Not ended:      0 other sessions of ann" in explain()


def test_missing_url_is_reported_with_what_to_add(user: Any, settings: Any) -> None:
    """The command does not raise NoReverseMatch."""
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
def test_missing_middleware_is_reported(user: Any, settings: Any, gone: str) -> None:
    """The command looks at a request, not at the setting."""
    settings.MIDDLEWARE = [entry for entry in MIDDLEWARE if entry != gone]
    if gone.endswith("SessionMiddleware"):
        settings.MIDDLEWARE.remove(OURS)
        settings.MIDDLEWARE.remove("django.contrib.auth.middleware.AuthenticationMiddleware")
        settings.MIDDLEWARE.remove("django.contrib.messages.middleware.MessageMiddleware")
    with pytest.raises(CommandError, match=gone):
        explain()
    assert not LoginSession.objects.exists()


def test_middleware_that_answers_itself_is_not_mistaken_for_a_logout(
    user: Any, settings: Any
) -> None:
    """It may be a maintenance mode, or refuse logins."""
    settings.MIDDLEWARE = [f"{__name__}.maintenance", *MIDDLEWARE]
    with pytest.raises(CommandError, match=r"SessionMiddleware"):
        explain()
    settings.MIDDLEWARE = [*MIDDLEWARE, f"{__name__}.no_logins"]
    with pytest.raises(
        CommandError, match=r"Logging in failed: a middleware answered with status 200"
    ):
        explain()
    assert not LoginSession.objects.exists()


def test_cache_outage_is_reported(user: Any, settings: Any) -> None:
    """The session could not be ended, and the command does not say that it was (F11)."""
    settings.SESSION_ENGINE = ENGINES["signed_cookies"]
    settings.CACHES = {"default": cache_from_url("redis://127.0.0.1:1")}
    with pytest.raises(
        CommandError, match=r"does not answer\. The session stays active until it expires"
    ):
        explain()
    assert LoginSession.objects.get().ended_at is None


def test_row_of_an_adopted_session_is_kept(user: Any) -> None:
    """A session without an id of ours is refused by its row alone."""
    now = timezone.now()
    row = {"user": user, "expires_at": now, "ended_at": now}
    adopted = LoginSession.objects.create(id=uuid5(NAMESPACE_URL, "a key"), **row)
    registered = LoginSession.objects.create(id=uuid4(), **row)
    registry.delete_ended_row(adopted.pk)
    registry.delete_ended_row(registered.pk)
    assert LoginSession.objects.get() == adopted
