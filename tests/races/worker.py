"""A process of its own that serves requests, one at a time, and stops where it is told to."""

from __future__ import annotations

import asyncio
import os
import traceback
from pathlib import Path
from typing import Any

_current: Any = None
_session: Any = None


def main(pipe: Any, environment: dict[str, str]) -> None:
    """Serve what comes through the pipe until it says ``None``."""
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="tests.races.settings")
    import django

    django.setup()
    from tests.races import stop_points

    stop_points.pipe = pipe
    stop_points.install(plain=environment.get("FAULTS_PLAIN") == "1")
    while (message := pipe.recv()) is not None:
        task, arguments = message
        try:
            pipe.send(("done", globals()[task](**arguments)))
        except Exception:  # noqa: BLE001  # whatever it is, the test is to show it
            pipe.send(("failed", traceback.format_exc()))
        stop_points.armed.clear()


def serve(
    method: str,
    path: str,
    cookies: dict[str, str],
    data: dict[str, Any],
    stops: list[str],
    **how: Any,
) -> dict[str, Any]:
    """Serve one request; gives what a browser would be told."""
    from django.core.signals import got_request_exception
    from django.test import AsyncClient, Client

    from tests.races import stop_points

    errors: list[str] = []

    def note(**kwargs: Any) -> None:
        errors.append(traceback.format_exc())

    got_request_exception.connect(note)
    stop_points.armed.update(stops)
    client = (AsyncClient if how.get("asgi") else Client)(raise_request_exception=False)
    headers = dict(how.get("headers") or {})
    if any("\x00" in value for value in cookies.values()):
        # As a browser would have to send it; newer Pythons make no such cookie.
        quoted = (f'{name}="{value}"' for name, value in cookies.items())
        headers["cookie"] = "; ".join(quoted).replace("\x00", "\\000")
    else:
        client.cookies.load(cookies)
    answer = getattr(client, method.lower())(path, data, headers=headers)
    response = asyncio.run(answer) if how.get("asgi") else answer
    set_cookies = {
        name: None if morsel["max-age"] == 0 else morsel.value
        for name, morsel in response.cookies.items()
    }
    return {
        "status": response.status_code,
        "text": response.content.decode(),
        "url": getattr(response, "url", ""),
        "cookies": set_cookies,
        "errors": errors,
    }


def burst(paths: list[str], cookies: dict[str, str]) -> list[str]:
    """Requests of one browser, one after the other; gives the session cookies it was handed."""
    given = []
    for path in paths:
        answer = serve("GET", path, cookies, {}, [])
        for name, value in answer["cookies"].items():
            cookies = {**cookies, name: value} if value else cookies
        given += [answer["cookies"][each] for each in answer["cookies"] if each == "sessionid"]
    return [each for each in given if each]


def configure(settings: dict[str, Any], atomic: bool) -> None:
    """Be a site with these settings from now on."""
    global _current  # noqa: PLW0603
    from django.contrib.sessions.backends.file import SessionStore
    from django.core.cache import caches
    from django.db import connections
    from django.test import override_settings

    if _current is not None:
        _current.disable()
    _current = override_settings(**settings)
    _current.enable()
    caches.close_all()
    if "_storage_path" in SessionStore.__dict__:
        del SessionStore._storage_path  # Django remembers the folder
    connections.settings["default"]["ATOMIC_REQUESTS"] = atomic
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = atomic


def add_user(name: str, password: str) -> None:
    """A user who can log in."""
    from django.contrib.auth import get_user_model

    get_user_model().objects.create_user(name, password=password)


def change_password(name: str, password: str) -> None:
    """Change a password as code does that serves no request."""
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.get(username=name)
    user.set_password(password)
    user.save()


def open_session(cookie: str, load: bool) -> None:
    """Open a session as code does, and keep the object."""
    global _session  # noqa: PLW0603
    from importlib import import_module

    from django.conf import settings

    _session = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    if load:
        assert "_auth_user_id" in _session


def refresh_session(name: str, rotate: bool) -> str:
    """Write the current hash of a user into the session that was opened; give its cookie."""
    from django.contrib.auth import HASH_SESSION_KEY, get_user_model, update_session_auth_hash
    from django.contrib.sessions.backends.base import UpdateError
    from django.http import HttpRequest

    user = get_user_model().objects.get(username=name)
    try:
        if rotate:
            request = HttpRequest()
            request.session, request.user = _session, user
            update_session_auth_hash(request, user)
        else:
            _session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        _session.save()
    except UpdateError:
        return ""
    return str(_session.session_key or "")


def end(name: str | None, reason: str, stops: list[str]) -> dict[str, int]:
    """End every session of one user, or of everyone, from outside any request."""
    from django.contrib.auth import get_user_model

    from django_logout import Target, end_sessions
    from tests.races import stop_points

    user = name and get_user_model().objects.get(username=name)
    stop_points.armed.update(stops)
    result = end_sessions(Target.user(user) if user else Target.everyone(), reason=reason)
    return dict(result.ended)


def sql(statement: str) -> list[Any]:
    """Run one statement; give the rows, if there are any."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def count(model: str, **lookup: Any) -> int:
    """How many rows of a model match."""
    from django.apps import apps

    return int(apps.get_model(model)._base_manager.filter(**lookup).count())


def cached(cookie: str, forget: bool) -> bool:
    """Whether the engine's own cache holds the session with this key; and evict it."""
    from importlib import import_module

    from django.conf import settings
    from django.core.cache import cache

    prefix = import_module(settings.SESSION_ENGINE).SessionStore.cache_key_prefix
    found = cache.get(prefix + cookie) is not None
    if forget:
        cache.delete(prefix + cookie)
    return found


def install_now() -> None:
    """Record that the package was installed after the sessions that are there."""
    from tests.clients import install_now

    install_now()


def forget_cutoffs() -> None:
    """Take back the cut-offs of other tests."""
    from django_logout.models import Cutoff

    Cutoff.objects.all().delete()


def evict(what: str) -> int:
    """Lose what the cache holds for this test under keys that begin so; return how many there
    were."""
    from django.core.cache import caches
    from django.core.cache.backends.locmem import LocMemCache
    from django.core.cache.backends.redis import RedisCache

    cache: Any = caches["default"]
    memory = getattr(cache, "memory", cache)
    if isinstance(memory, LocMemCache):
        begin = cache.make_key(what)
        found = [key for key in memory._cache if key.startswith(begin)]
        return sum(memory._delete(key) for key in found)
    if not isinstance(cache, RedisCache):
        return 0  # memcached does not list its keys
    client = cache._cache.get_client(None, write=True)
    keys = list(client.scan_iter(f"{cache.key_prefix}:{cache.version}:{what}*"))
    return int(client.delete(*keys)) if keys else 0


def create_database(name: str) -> None:
    """Make the database of this run, on its server, with all tables."""
    from django.core.management import call_command
    from django.db import connection

    if connection.vendor != "sqlite":
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
    call_command("migrate", verbosity=0)


def drop_database(name: str) -> None:
    """Remove it again."""
    from django.db import connection

    connection.close()
    if connection.vendor == "sqlite":
        Path(name).unlink(missing_ok=True)
    else:
        with connection._nodb_cursor() as cursor:
            force = " WITH (FORCE)" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP DATABASE {name}{force}")
