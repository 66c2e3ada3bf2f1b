"""A process of the site, which may be killed: ``python -m tests.projects.federation.site STEP …``.

Steps: ``begin`` migrates, logs a user in through the provider and prints the cookie and a logout token; ``receive
TOKEN [ARROW]`` takes the token, and is killed at an arrow of the sequence; ``retry``; ``who COOKIE [ARROW]`` prints who
is served, and is killed before or after the provider has been asked; ``later`` lets ten minutes pass. With ``RECHECK``
in the environment, the provider at ``TOKEN_SERVER`` is asked every ten minutes.
"""

import os
import signal
import sys
from datetime import timedelta
from typing import Any
from unittest import mock

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db.models import F  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

setup_test_environment()

from django_logout.federation import fetch, receive  # noqa: E402
from django_logout.federation.digests import digest  # noqa: E402
from django_logout.federation.models import (  # noqa: E402
    ProviderLink,
    ProviderMetadata,
    ProviderNotice,
)
from django_logout.models import LogoutEvent  # noqa: E402
from tests.projects.federation.conftest import ISSUER, KEY, log_in, public, send, token  # noqa: E402

if "RECHECK" in os.environ:
    provider = {
        **settings.LOGOUT["PROVIDERS"]["op"],
        "RECHECK": 600,
        "RECHECK_FAILS": os.environ["RECHECK"],
    }
    override_settings(LOGOUT={"PROVIDERS": {"op": provider}}).enable()


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
    publish()
    ann = get_user_model().objects.create_user("ann")
    browser = log_in(ann, sid="A", refresh_token="r1")
    say(browser.cookies["sessionid"].value, token(sid="A"))


def publish() -> None:
    """Note what the provider publishes."""
    now = timezone.now()
    ProviderMetadata.objects.create(
        issuer_digest=digest(ISSUER, "op"),
        issuer=ISSUER,
        keys=[public(KEY)],
        document={
            "issuer": ISSUER,
            "token_endpoint": f"{os.environ.get('TOKEN_SERVER', ISSUER)}/token",
        },
        fetched_at=now,
        tried_at=now,
    )


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


def who(key: str, arrow: str = "") -> None:
    """Say who is served with a cookie, and how often the session has ended."""
    browser, ask = Client(), fetch.send
    browser.cookies["sessionid"] = key

    def ask_and_die(*args: Any, **kwargs: Any) -> None:
        ask(*args, **kwargs)
        die()

    deaths = {"before the question": die, "after the answer": ask_and_die}
    with mock.patch.object(fetch, "send", deaths.get(arrow, ask)):
        page = browser.get("/")
    say(
        page.content.decode() if page.status_code == 200 else page.status_code,
        LogoutEvent.objects.count(),
        *map(bool, ProviderNotice.objects.values_list("handled_at", flat=True)),
    )


def later() -> None:
    """Let ten minutes pass."""
    past = timedelta(minutes=10, seconds=1)
    names = ("linked_at", "checked_at", "asked_at")
    ProviderLink.objects.update(**{name: F(name) - past for name in names})


if __name__ == "__main__":
    step, *rest = sys.argv[1:]
    steps: dict[str, Any] = {
        "begin": begin,
        "receive": take,
        "retry": lambda: call_command("logout", "retry", verbosity=0),
        "later": later,
        "who": who,
    }
    steps[step](*rest)
