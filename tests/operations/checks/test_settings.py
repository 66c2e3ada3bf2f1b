"""Checks of ``settings.LOGOUT``."""

from datetime import timedelta
from typing import Any

import pytest

from django_logout.conf import SETTING_NAMES
from tests.operations.checks.projects import found


@pytest.mark.parametrize("kind", [dict, type, "class"])
def test_plugin_of_the_wrong_kind_is_reported(kind: Any) -> None:
    """It is not enough that the path can be imported."""
    wrong = {
        dict: "django_logout.revokers.session.SessionRevoker",
        type: "django_logout.responses.base.respond",
        "class": "django_logout.responses",
    }[kind]
    assert list(found(LOGOUT={"RESPONDERS": [wrong]})) == ["E033"]


class Duck:
    """Responds like one of ours."""

    def accepts(self, request: Any, notice: Any) -> bool:
        """Accept nothing."""
        return False

    def respond(self, request: Any, notice: Any) -> Any:
        """Respond to nothing."""


def make_duck() -> Duck:
    """Return one."""
    return Duck()


@pytest.mark.parametrize("name", ["Duck", "make_duck"])
def test_plugin_that_works_without_the_base_class_is_no_error(name: str) -> None:
    """What it extends does not matter, if it can do the same."""
    paths = [f"{__name__}.{name}", "django_logout.responses.html.HtmlResponder"]
    assert found(LOGOUT={"RESPONDERS": paths}) == {}


def test_unknown_key_that_resembles_none_lists_all_keys() -> None:
    """No guess is better than a wrong one."""
    (message,) = found(LOGOUT={"colour": "red"}).values()
    assert f"There are {', '.join(sorted(SETTING_NAMES))}." in message.hint


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("RESPONDERS", None),
        ("RESPONDERS", [1]),
        ("CACHE_ALIAS", 1),
        ("CLEAR_SITE_DATA", "storage"),
        ("CLEAR_SITE_DATA", ["*"]),
        ("LOGIN_STATUS", "logged-out"),
        ("NO_STORE", 1),
        ("SESSION_COOKIE_PARTITIONED", "yes"),
        ("WITNESS_COOKIE", True),
        ("CACHE_ALIAS", ["default"]),
        ("DELETE_COOKIES", "theme"),
        ("DELETE_COOKIES", [{"name": 1}]),
        ("KEEP_SESSION_KEYS", {"cart": 1}),
        ("REVOKERS", "a.b.C"),
        ("REVOKERS", None),
        ("REVOKERS", [{}]),
        ("REVOKERS", {"a.b.C"}),
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


@pytest.mark.parametrize(
    ("cookie", "says"),
    [
        ({"path": "/"}, "has no name"),
        ({"name": ""}, "has no name"),
        ({"name": "token", "colour": "red"}, 'has "colour"'),
        ({"name": "token", "secure": "yes"}, "has \"secure\": 'yes'"),
        ({"name": "token", "path": True}, 'has "path": True'),
        ({"name": "token", "partitioned": "yes"}, "has \"partitioned\": 'yes'"),
        ({"name": "token", "partitioned": True, "secure": False}, "partitioned and not secure"),
        ({"name": "to ken"}, "Illegal key 'to ken'"),
        ("to;ken", "Illegal key 'to;ken'"),
        ("", "has no name"),
        ({"name": "token", "samesite": "sometimes"}, "samesite must be"),
    ],
)
def test_cookie_of_the_wrong_shape_is_reported(cookie: Any, says: str) -> None:
    """It would fail at each logout."""
    messages = found(LOGOUT={"DELETE_COOKIES": [cookie]})
    assert list(messages) == ["E045"]
    assert says in messages["E045"].msg


@pytest.mark.parametrize("value", [10**20, timedelta.max, float("nan"), float("inf"), -1])
@pytest.mark.parametrize("key", ["WAIT_FOR_CLIENTS", "RETENTION", "REAUTHENTICATION_AGE"])
def test_number_that_is_no_duration_is_reported(key: str, value: Any) -> None:
    """It would be added to a moment, and lead to one that there is not."""
    messages = found(LOGOUT={key: value})
    is_of_the_type = isinstance(value, int | timedelta) or key == "WAIT_FOR_CLIENTS"
    assert list(messages) == ["E046" if is_of_the_type else "E032"]


@pytest.mark.parametrize("key", ["ABSOLUTE_TIMEOUT", "IDLE_TIMEOUT", "LAST_SEEN_INTERVAL"])
def test_timeout_that_is_no_duration_is_reported_once(key: str) -> None:
    """Too long is one mistake, negative another."""
    assert list(found(LOGOUT={key: 10**20})) == ["E046"]
    assert list(found(LOGOUT={key: timedelta.min})) == ["E046"]
    assert list(found(LOGOUT={key: -1})) == ["E043" if key == "LAST_SEEN_INTERVAL" else "E036"]


def test_any_number_of_sessions_is_one() -> None:
    """It is no duration."""
    assert found(LOGOUT={"MAX_SESSIONS": 10**20}) == {}


@pytest.mark.parametrize(
    ("given", "meant"),
    [("max_sesions", "MAX_SESSIONS"), ("MAX_AGE", "ABSOLUTE_TIMEOUT"), ("CACHE", "CACHE_ALIAS")],
)
def test_hint_on_an_unknown_key_names_the_one_meant(given: str, meant: str) -> None:
    """This works for a misspelt name, and for a name that the setting had earlier."""
    assert f'Did you mean "{meant}"?' in found(LOGOUT={given: 1})["E031"].hint
