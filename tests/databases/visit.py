"""Log in, look around, log out, on the databases of the settings: on three engines, in a
transaction and not. Fails if anything is not so."""

from itertools import product
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from django_logout import Target, end_sessions  # noqa: E402
from django_logout.models import LoginSession, LogoutEvent  # noqa: E402
from django_logout.sessions import registry  # noqa: E402
from tests.settings import ENGINES  # noqa: E402


def browser() -> Any:
    """Return a client that has logged in by the form."""
    client = Client()
    response = client.post("/login/", {"username": "ann", "password": "pw"})
    assert response.status_code == 302, response
    assert client.get("/write/").content == b"user=ann count=1"
    return client


def copy_of(client: Any) -> Any:
    """The same cookie elsewhere."""
    thief = Client()
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    return thief


def visit() -> None:
    """All ways out."""
    user = get_user_model().objects.create_user("ann", password="pw")
    for url in ("/accounts/logout/", "/plain-logout/"):
        client = browser()
        thief = copy_of(client)
        assert client.post(url).status_code in {200, 302}
        assert client.get("/").content == thief.get("/").content == b"user="
    client = browser()
    end_sessions(Target.user(user))
    assert client.get("/").content == b"user="
    client = browser()
    end_sessions(Target.everyone())
    assert client.get("/").content == b"user="
    rows = LoginSession.objects.using(registry.database())
    assert rows.count() == 4
    events = LogoutEvent.objects.using(registry.database())
    assert events.count() == 4
    user.delete()
    assert rows.count() == 0
    events.delete()


setup_test_environment()
for alias in ("default", "other"):
    call_command("migrate", database=alias, verbosity=0)
for engine, atomic in product(("db", "cached_db", "cache"), (False, True)):
    for connection in connections.all():
        connection.settings_dict["ATOMIC_REQUESTS"] = atomic
    with override_settings(SESSION_ENGINE=ENGINES[engine]):
        visit()
