"""A process of the site, which may be killed: ``python -m tests.projects.federation.site STEP …``.

Steps: ``begin`` migrates, logs a user in through the provider and prints the cookie and a logout token; ``receive
TOKEN [ARROW]`` takes the token, and is killed at an arrow of the sequence; ``retry``; ``who COOKIE`` prints who is
served.
"""

import os
import signal
import sys
from typing import Any
from unittest import mock

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

setup_test_environment()

from django_logout.federation import receive  # noqa: E402
from django_logout.federation.digests import digest  # noqa: E402
from django_logout.federation.models import ProviderMetadata, ProviderNotice  # noqa: E402
from django_logout.models import LogoutEvent  # noqa: E402
from tests.projects.federation.conftest import ISSUER, KEY, log_in, public, send, token  # noqa: E402


def say(*words: Any) -> None:
    """Tell the process that has started this one."""
    sys.stdout.write(" ".join(map(str, words)))


def die(*args: Any, **kwargs: Any) -> None:
    """End at once, as a process that the kernel kills."""
    os.kill(os.getpid(), signal.SIGKILL)


def begin() -> None:
    """Set up, and print what the others need."""
    from django.contrib.auth import get_user_model

    call_command("migrate", verbosity=0)
    now = timezone.now()
    ProviderMetadata.objects.create(
        issuer_digest=digest(ISSUER, "op"),
        issuer=ISSUER,
        keys=[public(KEY)],
        document={"issuer": ISSUER},
        fetched_at=now,
        tried_at=now,
    )
    browser = log_in(get_user_model().objects.create_user("ann"), sid="A")
    say(browser.cookies["sessionid"].value, token(sid="A"))


def take(raw: str, arrow: str = "") -> None:
    """Take a token; die before or after the notice, the ending, or the mark."""
    end = receive.pipeline.end_sessions

    def end_and_die(*args: Any, **kwargs: Any) -> None:
        end(*args, **kwargs)
        die()

    wrapped = {
        "before the notice": ("_store", die),
        "after the notice": ("work_on", die),
        "within the ending": ("pipeline.audit.record_event", die),
        "after the ending": ("pipeline.end_sessions", end_and_die),
    }
    if arrow:
        path, instead = wrapped[arrow]
        target = {"pipeline.audit.record_event": "django_logout.ending.audit.record_event"}
        name = target.get(path, f"django_logout.federation.receive.{path}")
        with mock.patch(name, instead):
            send(raw)
    say(send(raw).status_code)


def who(key: str) -> None:
    """Say who is served with a cookie, and how often the session has ended."""
    browser = Client()
    browser.cookies["sessionid"] = key
    say(
        browser.get("/").content.decode(),
        LogoutEvent.objects.count(),
        *map(bool, ProviderNotice.objects.values_list("handled_at", flat=True)),
    )


if __name__ == "__main__":
    step, *rest = sys.argv[1:]
    steps: dict[str, Any] = {
        "begin": begin,
        "receive": take,
        "retry": lambda: call_command("logout", "retry", verbosity=0),
        "who": who,
    }
    steps[step](*rest)
