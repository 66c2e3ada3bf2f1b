"""System checks: a correct project gets no message, a mistake gets one id and a hint to copy."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks.registry import registry

from django_logout.operations import checks
from tests import services
from tests.operations.checks.projects import (
    BROKEN,
    RIGHT,
    found,
)

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def test_two_checks_are_registered_with_django() -> None:
    """They run all the others, so a process that runs no checks imports none of them.

    A check that was registered beside them would be missed the first time.
    """
    names = {c.__name__ for c in registry.get_checks() if c.__module__.startswith(checks.__name__)}
    assert names == {"security_checks", "url_checks"}


@pytest.mark.parametrize("project", RIGHT)
def test_correct_project_gets_no_message(project: str) -> None:
    """Users silence checks that give false alarms."""
    assert found(**RIGHT[project]) == {}


@pytest.mark.parametrize("number", BROKEN)
def test_each_mistake_gets_its_message_and_a_hint(number: str) -> None:
    """There is one message, and its hint can be copied."""
    if number == "W026":
        services.need("pymemcache")
    overrides, hint = BROKEN[number]
    messages = found(**overrides)
    assert list(messages) == [number]
    assert hint in messages[number].hint
    assert messages[number].msg.endswith(".")


#: Tested in tests/projects/federation and tests/projects/clients_toolkit.
FEDERATION = [f"E{number}" for number in (*range(101, 109), 112, 120, 121, 122, 125)] + [
    f"W{number}" for number in (109, 110, 111, 113, 114, 115, 116, 117, 118, 123, 124)
]


def test_ids_are_unique_documented_and_tested() -> None:
    """The ids in the code, in the documentation and in this module are the same."""
    package = Path(checks.__file__).parents[2]  # revokers have checks of their own
    files = [*package.glob("operations/checks/*.py"), *package.glob("revokers/**/*.py")]
    files += package.glob("federation/*checks.py")
    source = "".join(file.read_text() for file in files)
    in_code = re.findall(r'"(?:django_logout\.)?([EWI]\d{3})"', source)
    in_docs = re.findall(
        r"^\| `django_logout\.([EWI]\d{3})` ", (ROOT / "docs/checks.md").read_text(), re.M
    )
    # Tested where the libraries are installed: tests/projects/{jwt,headless,sockets,usersessions}
    elsewhere = [
        "W014",
        "W015",
        "W062",
        "W063",
        "W065",
        "W066",
        "E067",  # test_credentials.py
        "W072",
        "W073",
        "W074",
        "W075",
        "W080",
        *FEDERATION,
    ]
    assert sorted(in_code) == sorted(in_docs) == sorted([*BROKEN, *elsewhere])


def test_numbers_are_unique_whatever_the_letter() -> None:
    """A warning that becomes an error keeps its number."""
    assert len({number[1:] for number in BROKEN}) == len(BROKEN)


MINIMAL = """
import django
from django.conf import settings
from django.core.management import call_command
settings.configure(
    SECRET_KEY="x" * 60,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ROOT_URLCONF="django_logout.urls",
    LOGIN_URL="https://login.example.com/",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django_logout",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django_logout.middleware.LogoutMiddleware",
    ],
)
django.setup()
call_command("check", fail_level="WARNING")
"""


def test_smallest_project_gets_no_message() -> None:
    """It has the three lines of the installation, and a login page somewhere."""
    done = subprocess.run(
        [sys.executable, "-c", MINIMAL], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "0 silenced" in done.stdout
