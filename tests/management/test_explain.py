"""``manage.py logout explain`` prints what happens, and removes what it has created."""

import os
import subprocess
import sys
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from django_logout.models import Cutoff, LoginSession, LogoutEvent
from tests.management.command import Urls, explain
from tests.settings import MIDDLEWARE
from tests.views import home, plain_logout

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "django_logout.middleware.LogoutMiddleware"


def sessions_for_all_visitors(get_response: Any) -> Any:
    """A middleware that counts visits, so that anonymous visitors have sessions too."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return get_response(request)

    return middleware


def test_removes_everything_but_the_event(engine: str, user: Any, settings: Any) -> None:
    """There is no session, no row and no cutoff, and the last login is restored."""
    settings.LOGOUT_REDIRECT_URL = "home"
    settings.MIDDLEWARE = [*MIDDLEWARE, f"{__name__}.sessions_for_all_visitors"]
    text = explain()
    assert f"Left behind:    the audit event {LogoutEvent.objects.get().pk}" in text
    user.refresh_from_db()
    assert user.last_login is None
    assert not LoginSession.objects.exists()
    assert not Cutoff.objects.exists()
    assert not Session.objects.exists()
    assert not list(Path(settings.SESSION_FILE_PATH).iterdir())
    if settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
        prefix = f"{settings.CACHES['default']['KEY_PREFIX']}:"
        left = caches["default"]._cache  # type: ignore[attr-defined]
        assert not [key for key in left if key.startswith(prefix)]


def test_last_login_of_a_concurrent_login_is_kept(user: Any, settings: Any) -> None:
    """The command restores only what it has changed itself."""
    settings.ROOT_URLCONF = Urls(
        path("out/", log_in_elsewhere, name="logout"), path("", home, name="home")
    )
    explain()
    user.refresh_from_db()
    assert user.last_login is not None


def log_in_elsewhere(request: HttpRequest) -> HttpResponse:
    """Log the user in on another device while this one logs out."""
    Client().force_login(get_user_model().objects.get(username=request.user.get_username()))
    return plain_logout(request)


def test_never_prints_a_session_key(
    engine: str, user: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """The JSON has none either (design law 6)."""
    keys = []
    store = import_module(settings.SESSION_ENGINE).SessionStore
    save = store.save

    def remember(self: Any, *args: Any, **kwargs: Any) -> None:
        save(self, *args, **kwargs)
        keys.append(self.session_key)

    monkeypatch.setattr(store, "save", remember)
    text = explain() + explain(json=True)
    assert keys
    assert not any(key in text for key in keys)


def test_fails_when_the_copied_cookie_is_served(user: Any, settings: Any, capsys: Any) -> None:
    """The view does not log out, and the command says so (design law 3)."""
    settings.ROOT_URLCONF = Urls(path("out/", home, name="logout"))
    out = StringIO()
    with pytest.raises(CommandError, match="still served") as error:
        call_command("logout", "explain", user="ann", stdout=out)
    assert error.value.returncode != 0
    text = out.getvalue()
    assert "3     Session not cleared  Authenticated user  Active session  Active session" in text
    assert "Ended:          nothing" in text
    assert "Copied cookie:  replayed, and served" in text
    assert not LoginSession.objects.exists()  # the clean-up ended it, and deleted its row


def test_unknown_user_is_refused(user: Any) -> None:
    """The message names the field that users log in with."""
    with pytest.raises(CommandError, match=r"^No user has the username 'bob'\.$"):
        explain(user="bob")


def test_inactive_user_is_reported(user: Any) -> None:
    """Nothing is left of the attempt."""
    user.is_active = False
    user.save()
    with pytest.raises(CommandError, match=r"^ann cannot be logged in"):
        explain()
    assert not LoginSession.objects.exists()
    assert not Session.objects.exists()


SCRIPT = """
from django.conf import settings
settings.MIGRATION_MODULES = dict.fromkeys(("admin", "auth", "users", "django_logout"))
import django; django.setup()
from django.core.management import call_command
from django.contrib.auth import get_user_model
call_command("migrate", run_syncdb=True, verbosity=0)
get_user_model().objects.create_user("ann", password="pw")
call_command("logout", "explain", "--user", "ann")
"""


@pytest.mark.parametrize(("model", "engine_name"), [("UUIDUser", "db"), ("TextUser", "file")])
def test_works_with_any_primary_key(model: str, engine_name: str) -> None:
    """A real process is started, with a UUID or a word as the primary key."""
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "USER_MODEL": f"users.{model}",
        "SESSION_ENGINE": engine_name,
        "DATABASE_URL": "sqlite://",
        "CACHE_URL": "locmem://",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "replayed, and refused" in done.stdout
