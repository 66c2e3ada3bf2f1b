"""A process of the site, which may be killed: ``python -m tests.projects.clients_toolkit.site STEP …``.

Steps: ``begin URLS NUMBER LOGINS`` migrates, and logs a user in to so many applications, which hear of logouts at the URLs;
``end [ARROW]`` ends the session; ``command`` ends it by ``manage.py logout end``, and with ``DELIVERY`` as it is by default; ``deliver [ARROW]``; ``follow`` delivers until SIGTERM; ``lose`` empties the queue; ``state`` prints what has become of each delivery. At an arrow
of the sequence the process is killed.
"""

import os
import signal
import sys
from datetime import timedelta
from typing import Any
from unittest import mock

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test.utils import override_settings, setup_test_environment  # noqa: E402

setup_test_environment()

from django_logout import Target, end_sessions  # noqa: E402
from django_logout.federation import sender  # noqa: E402
from django_logout.federation.models import Delivery  # noqa: E402
from django_logout.models import LoginSession, LogoutEvent  # noqa: E402
from tests.clients import logged_in  # noqa: E402
from tests.projects.client_deliveries import Told  # noqa: E402
from tests.projects.clients_toolkit.toolkit import Toolkit  # noqa: E402

sender.LEASE = timedelta(seconds=float(os.environ.get("LEASE", "60")))


def say(*words: Any) -> None:
    """Tell the process that has started this one."""
    sys.stdout.write(" ".join(map(str, words)))


def die(*args: Any, **kwargs: Any) -> None:
    """End at once, as a process that the kernel kills."""
    os.kill(os.getpid(), signal.SIGKILL)


def after(path: str) -> Any:
    """Return a patch with which the process dies when a function has returned."""
    module, _, name = path.rpartition(".")
    function = getattr(sys.modules[module], name)

    def call_and_die(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)
        die()

    return mock.patch(path, call_and_die)


FEDERATION = "django_logout.federation"
ARROWS: dict[str, Any] = {
    "within the ending": lambda: mock.patch("django_logout.ending.audit.record_event", die),
    "before the nudge": lambda: mock.patch(f"{FEDERATION}.outbox.nudge", die),
    "after the claim": lambda: after(f"{FEDERATION}.sender.claim"),
    "before the post": lambda: mock.patch(f"{FEDERATION}.sender.post", die),
    "after the post": lambda: after(f"{FEDERATION}.sender.post"),
    "before the outcome": lambda: mock.patch(f"{FEDERATION}.sender.settle", die),
    "after the outcome": lambda: after(f"{FEDERATION}.sender.settle"),
}


def begin(urls: str, number: str, logins: str = "1") -> None:
    """Set up, and say the keys of the sessions."""
    # Without migrations, which take most of the time.
    settings.MIGRATION_MODULES = dict.fromkeys(app.label for app in apps.get_app_configs())
    call_command("migrate", run_syncdb=True, verbosity=0)
    user, op, names = get_user_model().objects.create_user("ann"), Toolkit(), urls.split(",")
    for _ in range(int(logins)):
        here = logged_in(user)
        for client in range(int(number)):
            op.log_in(here, f"app{client}")
        say(here.cookies[settings.SESSION_COOKIE_NAME].value, "")
    for client in range(int(number)):
        Told(names[client % len(names)]).register(f"app{client}")


def at(arrow: str, work: Any) -> None:
    """Do it, and die at an arrow."""
    if arrow:
        with ARROWS[arrow]():
            work()
    else:
        work()


def end(arrow: str = "") -> None:
    """End the session, whichever it is."""
    session = LoginSession.objects.get().pk
    at(arrow, lambda: end_sessions(Target.session(session)))


def command() -> None:
    """End the user's sessions as an operator does."""
    with override_settings(LOGOUT={**settings.LOGOUT, "DELIVERY": "auto"}):
        call_command("logout", "end", "--user", "ann", "--yes", verbosity=0)


def lose() -> None:
    """Forget the tasks of a queue in the database."""
    apps.get_model("django_tasks_database", "DBTaskResult").objects.all().delete()


def state() -> None:
    """Say what has become of the deliveries, and how many endings there were."""
    rows = Delivery.objects.order_by("client_id", "created_at")
    say(LogoutEvent.objects.count(), *rows.values_list("state", flat=True))


if __name__ == "__main__":
    step, *rest = sys.argv[1:]
    steps: dict[str, Any] = {
        "begin": begin,
        "end": end,
        "command": command,
        "deliver": lambda arrow="": at(arrow, sender.deliver),
        "follow": lambda: call_command("logout", "deliver", "--follow"),
        "lose": lose,
        "state": state,
    }
    steps[step](*rest)
