"""System checks: a correct project gets no message, a mistake gets one id and a hint to copy."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings
from django.core.checks.registry import registry
from django.test import override_settings

from django_logout.conf import SETTING_NAMES, logout_settings
from django_logout.operations import checks
from tests.operations.checks.projects import (
    AUTH,
    BROKEN,
    LOCMEM,
    OURS,
    REDIS,
    RIGHT,
    SESSIONS,
    without,
)
from tests.settings import ENGINES, MIDDLEWARE

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def found(**overrides: Any) -> dict[str, Any]:
    """Return the messages of our checks for the test project with these settings, by id."""
    usual: dict[str, Any] = {"SESSION_ENGINE": ENGINES["db"], "CACHES": LOCMEM}
    if "ROOT_URLCONF" in overrides:
        usual["LOGIN_URL"] = global_settings.LOGIN_URL
    with override_settings(**{**usual, **overrides}):
        ours = [c for c in registry.get_checks() if c.__module__.startswith(checks.__name__)]
        messages = [
            message for check in ours for message in check(app_configs=None, databases=None)
        ]
    by_id = {str(message.id).removeprefix("django_logout."): message for message in messages}
    assert len(by_id) == len(messages)
    return by_id


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
    overrides, hint = BROKEN[number]
    messages = found(**overrides)
    assert list(messages) == [number]
    assert hint in messages[number].hint
    assert messages[number].msg.endswith(".")


def test_ids_are_unique_documented_and_tested() -> None:
    """The ids in the code, in the documentation and in this module are the same."""
    package = Path(checks.__file__).parents[2]  # revokers have checks of their own
    files = [*package.glob("operations/checks/*.py"), *package.glob("revokers/**/*.py")]
    source = "".join(file.read_text() for file in files)
    in_code = re.findall(r'"(?:django_logout\.)?([EW]\d{3})"', source)
    in_docs = re.findall(
        r"^\| `django_logout\.([EW]\d{3})` ", (ROOT / "docs/checks.md").read_text(), re.M
    )
    # Tested where the libraries are installed: tests/projects/{jwt,headless,sockets,usersessions}
    elsewhere = ["W062", "W063", "W072", "W073", "W074", "W075", "W080"]
    assert sorted(in_code) == sorted(in_docs) == sorted([*BROKEN, *elsewhere])


def test_numbers_are_unique_whatever_the_letter() -> None:
    """A warning that becomes an error keeps its number."""
    assert len({number[1:] for number in BROKEN}) == len(BROKEN)


@pytest.mark.parametrize("name", ["cached_db", "cache", "file", "signed_cookies"])
def test_each_guarded_engine_needs_a_shared_cache(name: str) -> None:
    """These are all of Django's engines except ``db``."""
    assert list(found(SESSION_ENGINE=ENGINES[name])) == ["W022"]
    assert found(SESSION_ENGINE=ENGINES[name], CACHES={"default": REDIS}) == {}


def test_missing_session_cache_is_reported() -> None:
    """It cannot hold the status of sessions either."""
    messages = found(SESSION_ENGINE=ENGINES["file"], SESSION_CACHE_ALIAS="nowhere")
    assert list(messages) == ["E021"]
    assert "SESSION_CACHE_ALIAS" in messages["E021"].msg


def test_cache_backend_that_cannot_be_imported_is_reported() -> None:
    """The check raises no exception."""
    caches = {**LOCMEM, "shared": {"BACKEND": "no.such.Cache"}}
    assert list(found(CACHES=caches, LOGOUT={"CACHE_ALIAS": "shared"})) == ["E021"]


def test_engine_without_a_store_is_reported() -> None:
    """The module exists, and is not an engine."""
    assert list(found(SESSION_ENGINE="tests.services")) == ["E020"]


def test_broken_middleware_is_left_to_django() -> None:
    """A middleware that cannot be imported is none of ours, and raises nothing in the check."""
    assert found(MIDDLEWARE=[*MIDDLEWARE, "no.such.Middleware"]) == {}


def test_hint_on_order_names_the_later_middleware() -> None:
    """LogoutMiddleware must follow two others, and one move is enough."""
    first = [OURS, AUTH, SESSIONS]
    messages = found(MIDDLEWARE=[*first, *without(*first)])
    assert SESSIONS in messages["E003"].hint


@pytest.mark.parametrize("kind", [dict, type, "class"])
def test_plugin_of_the_wrong_kind_is_reported(kind: Any) -> None:
    """It is not enough that the path can be imported."""
    wrong = {
        dict: "django_logout.revokers.session.SessionRevoker",
        type: "django_logout.responses.base.respond",
        "class": "django_logout.responses",
    }[kind]
    assert list(found(LOGOUT={"RESPONDERS": [wrong]})) == ["E033"]


def test_unknown_key_that_resembles_none_lists_all_keys() -> None:
    """No guess is better than a wrong one."""
    (message,) = found(LOGOUT={"colour": "red"}).values()
    assert f"There are {', '.join(sorted(SETTING_NAMES))}." in message.hint


@pytest.mark.parametrize("wrong", ["KEEP_SESSION_KEYS", ["KEEP_SESSION_KEYS"], 1, True])
def test_setting_that_is_not_a_dict_is_ignored(wrong: Any) -> None:
    """The check reports the mistake, and pages are served with the defaults."""
    with override_settings(LOGOUT=wrong):
        assert not vars(logout_settings()), "not the defaults"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("RESPONDERS", None),
        ("RESPONDERS", [1]),
        ("CACHE_ALIAS", 1),
        ("CLEAR_SITE_DATA", "storage"),
        ("CLEAR_SITE_DATA", ["*"]),
        ("NO_STORE", 1),
        ("CACHE_ALIAS", ["default"]),
        ("DELETE_COOKIES", "theme"),
        ("DELETE_COOKIES", [{"name": 1}]),
        ("KEEP_SESSION_KEYS", {"cart": 1}),
        ("REVOKERS", "a.b.C"),
        ("PASSIVE_URLS", "poll"),
        ("IDLE_TIMEOUT", "30"),
        ("PRESET", "aal4"),
    ],
)
def test_values_of_the_wrong_type_are_reported(key: str, value: Any) -> None:
    """One check compares all values with the annotations of the settings."""
    messages = found(LOGOUT={key: value})
    assert list(messages) == ["E032"]
    assert f'LOGOUT["{key}"] is {value!r}' in messages["E032"].msg


MINIMAL = """
import django
from django.conf import settings
from django.core.management import call_command
settings.configure(
    SECRET_KEY="x" * 60,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ROOT_URLCONF="django_logout.urls",
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
    """It has the three lines of the installation, and no more."""
    done = subprocess.run(
        [sys.executable, "-c", MINIMAL], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "0 silenced" in done.stdout


@pytest.mark.parametrize(
    ("given", "meant"),
    [("max_sesions", "MAX_SESSIONS"), ("MAX_AGE", "ABSOLUTE_TIMEOUT"), ("CACHE", "CACHE_ALIAS")],
)
def test_hint_on_an_unknown_key_names_the_one_meant(given: str, meant: str) -> None:
    """This works for a misspelt name, and for a name that the setting had earlier."""
    assert f'Did you mean "{meant}"?' in found(LOGOUT={given: 1})["E031"].hint
