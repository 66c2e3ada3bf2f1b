"""``settings.LOGOUT`` as the package reads it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from django_logout import conf
from django_logout.conf import logout_settings
from django_logout.sessions import timeouts
from django_logout.sessions.timeouts import Limits

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("given", "idle", "age"),
    [
        ({"PRESET": "aal1"}, None, timedelta(days=30)),
        ({"PRESET": "aal2"}, HOUR, timedelta(days=1)),
        ({"PRESET": "aal3"}, 15 * MINUTE, 12 * HOUR),
        ({"PRESET": "aal3", "ABSOLUTE_TIMEOUT": HOUR}, 15 * MINUTE, HOUR),
        ({"PRESET": "aal3", "IDLE_TIMEOUT": None}, None, 12 * HOUR),
        ({"PRESET": None}, None, None),
        ({"PRESET": ["aal1"]}, None, None),
        ({"PRESET": "aal4"}, None, None),
    ],
)
def test_presets_fill_what_is_not_set(settings: Any, given: Any, idle: Any, age: Any) -> None:
    """NIST SP 800-63B-4. An explicit ``None`` stays ``None``, and the checks report mistakes."""
    settings.LOGOUT = given
    assert timeouts.limits_for(logout_settings(), None, None) == Limits(
        idle_timeout=idle, absolute_timeout=age
    )
    assert set(conf.PRESETS) == {"aal1", "aal2", "aal3"}


@pytest.mark.parametrize("wrong", ["KEEP_SESSION_KEYS", ["KEEP_SESSION_KEYS"], 1, True])
def test_setting_that_is_not_a_dict_is_ignored(wrong: Any) -> None:
    """The check reports the mistake, and pages are served with the defaults."""
    with override_settings(LOGOUT=wrong):
        assert not vars(logout_settings()), "not the defaults"
