"""A process of the site that goes on: ``python -m tests.projects.federation.worker``.

Each line it reads is a task with its arguments, and each line it writes a result. It has memories of its own, as a
worker of a server has them.
"""

import json
import sys
from typing import Any

from tests.projects.federation import site  # Sets Django up.

from django.contrib.auth import get_user_model  # isort: skip
from django.core.management import call_command  # isort: skip
from django.test import Client, override_settings  # isort: skip

from django_logout.federation import recheck  # isort: skip
from django_logout.federation.models import ProviderLink  # isort: skip
from django_logout.federation.sealing import unseal  # isort: skip
from django_logout.guard.install import guarded  # isort: skip
from django_logout.models import LogoutEvent  # isort: skip
from tests import engines, services  # isort: skip
from tests.backends import cache_from_url  # isort: skip
from tests.projects.federation.conftest import log_in, send, token  # isort: skip
from tests.settings import ENGINES  # isort: skip


def migrate() -> None:
    """Make the tables, and what the provider has published."""
    call_command("migrate", verbosity=0)
    site.publish()
    get_user_model().objects.create_user("ann")


def use(setup: str, prefix: str, folder: str) -> None:
    """Keep the sessions in one of the engines from now on."""
    name, cache = engines.SETUPS[setup]
    url = services.URLS.get(cache, f"{cache}://")
    override_settings(
        SESSION_ENGINE=ENGINES[name],
        CACHES={"default": {**cache_from_url(url), "KEY_PREFIX": prefix}},
        SESSION_FILE_PATH=folder,
    ).enable()
    guarded.cache_clear()


def arrive(**facts: str) -> str:
    """Log in, and return the cookie."""
    browser = log_in(get_user_model().objects.get(username="ann"), **facts)
    return browser.cookies["sessionid"].value


def get(path: str, cookie: str = "", **headers: str) -> tuple[int, str]:
    """Return what a browser gets with a cookie."""
    browser = Client(raise_request_exception=False)
    browser.cookies["sessionid"] = cookie
    page = browser.get(path, headers=headers)
    return page.status_code, page.content.decode()


def sign(**changes: Any) -> str:
    """Return a logout token."""
    return token(**changes)


def receive(raw: str) -> int:
    """Take a token, and return the status."""
    return int(send(raw).status_code)


def endings() -> list[tuple[str, int]]:
    """Return why sessions have ended, and how many."""
    return list(LogoutEvent.objects.exclude(sessions=0).values_list("reason", "sessions"))


def later() -> None:
    """Let ten minutes pass."""
    site.later()
    forget()


def forget() -> None:
    """Forget until when a login counts."""
    recheck._good_until.cache_clear()


def kept() -> list[str]:
    """Return the tokens to ask the provider with."""
    return [unseal(link.recheck_token) for link in ProviderLink.objects.exclude(recheck_token="")]


TASKS: dict[str, Any] = {
    each.__name__: each
    for each in (migrate, use, arrive, get, sign, receive, endings, later, forget, kept)
}

if __name__ == "__main__":
    for line in sys.stdin:
        task, arguments = json.loads(line)
        result = TASKS[task](**arguments)
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
