"""What importing the package brings along: nothing, and then nothing but Django."""

import os
import subprocess
import sys

BARE = """
import sys
import django_logout
assert not any(name.startswith("django.") for name in sys.modules), "imports Django"
assert "end_sessions" in dir(django_logout)
"""


def test_importing_the_package_needs_no_settings_and_costs_nothing() -> None:
    """Not even Django is loaded until a name is asked for."""
    run(BARE)


PROJECT = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
from django.conf import settings
if {without}:
    settings.ROOT_URLCONF = "django.contrib.auth.urls"
    settings.INSTALLED_APPS.remove("django_logout")
    settings.MIDDLEWARE.remove("django_logout.middleware.LogoutMiddleware")
import django; django.setup()
from django.contrib.auth import urls
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
WSGIHandler()
call_command("check")
if not {without}:
    import django_logout.asgi, django_logout.urls
print(*{{name.partition(".")[0] for name in sys.modules}} - set(sys.stdlib_module_names))
"""


def test_no_optional_library_is_imported_unless_used() -> None:
    """The app, its middleware, URLs and checks bring nothing that Django does not."""
    ours, djangos = (set(run(PROJECT.format(without=w)).split()) for w in (False, True))
    assert ours - djangos == {"django_logout"}


def run(script: str) -> str:
    """In a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


STARTED = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
from django.conf import settings
settings.INSTALLED_APPS = [a for a in settings.INSTALLED_APPS if a != "django.contrib.admin"]
settings.ROOT_URLCONF = "django_logout.urls"
import django; django.setup()
from django.core.handlers.wsgi import WSGIHandler
from django.urls import reverse
WSGIHandler()
reverse("logout")
print(*(n.removeprefix("django_logout.") for n in sys.modules if n.startswith("django_logout.")))
"""

#: What begins with somebody's logging in or out, or is for commands and for pages of few.
NOT_YET = {
    *(
        "policies.account_changes",
        "responses",
        "operations.checks",
        "policies.pending_login",
        "ending.pipeline",
        "ending.after_commit",
        "policies.session_limits",
        "web.session_list",
    ),
    *(
        "policies.login_receivers",
        "notifications.mail",
        "notifications.report",
        "revokers.runner",
        "web.finalize",
        "web.streaming",
        "views",
        "web.monitor",
    ),
}


def test_a_process_that_starts_imports_what_every_page_needs() -> None:
    """The door comes with the first login, the checks with the command that runs them."""
    assert NOT_YET.isdisjoint(run(STARTED).split())


def test_public_names_are_listed() -> None:
    """For whoever looks around in a shell."""
    import django_logout

    assert set(django_logout.__all__) <= set(dir(django_logout))
