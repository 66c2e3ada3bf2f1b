"""The receivers of the package are the first to get Django's signals."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.test import override_settings

pytestmark = pytest.mark.django_db(transaction=True)


def modules(signal: Any) -> list[str]:
    """Whose receivers it calls, in their order."""
    return [receiver.__module__ for receiver in signal._live_receivers(None)[0]]


@pytest.mark.parametrize("times", [0, 1, 2])
@pytest.mark.parametrize("signal", [user_logged_in, user_logged_out], ids=["in", "out"])
def test_ours_is_the_first_to_hear(signal: Any, times: int) -> None:
    """Django sends one before it ends anything, so a receiver that raises before ours would stop it. The
    other must reach no receiver if we refuse the login. The order stays the same if tests change
    ``INSTALLED_APPS``, which has every app made ready again."""

    def theirs(**kwargs: Any) -> None: ...

    signal.connect(theirs)
    before = modules(signal)
    for _ in range(times):
        with override_settings(INSTALLED_APPS=[*django_settings.INSTALLED_APPS]):
            pass

    assert modules(signal) == before
    assert before[0] == "django_logout.policies.login_receivers"
    assert before[-1] == __name__
