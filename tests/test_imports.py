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
import django; django.setup()
from django.core.handlers.wsgi import WSGIHandler
from django.urls import reverse
WSGIHandler()
reverse("logout")
print(*(name for name in sys.modules if name.partition(".")[0] == "django_logout"))
"""

#: Folders of which a page needs nothing before the first login or logout.
NOT_YET = {"ending", "notifications", "operations", "policies", "responses", "views"}


def test_a_process_imports_at_most_40_modules_before_the_first_login() -> None:
    """With the admin installed. What logs in and out, and the checks, are imported when used."""
    found = run(STARTED).split()
    assert "django_logout.admin" in found
    assert NOT_YET.isdisjoint(name.split(".")[1] for name in found if "." in name)
    assert len(found) <= 40, found


def test_public_names_are_listed() -> None:
    """They are listed for completion in a shell."""
    import django_logout

    assert set(django_logout.__all__) <= set(dir(django_logout))
