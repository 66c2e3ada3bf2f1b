"""Settings under which Django's runtests.py installs django_logout as our documentation tells a
project to.

runtests.py overwrites INSTALLED_APPS and MIDDLEWARE once it has read its settings, and some tests
bring their own. So the lists it is about to use are changed in place, and those of the tests when
they take effect.
"""

import sys
from typing import Any

from django.apps import AppConfig
from test_sqlite import *  # type: ignore[import-not-found]  # noqa: F403

from tests.suites.plugins.logout_lists import follow_tests, with_app, with_middleware

TEST_RUNNER = "tests.django_suite.verdict.Runner"

runtests: Any = sys.modules["__main__"]


class Swap(AppConfig):
    """An app, because ready() comes when our views can be imported and no URLconf has been."""

    name = __name__

    def ready(self) -> None:
        from django.contrib.auth import views

        from django_logout.views import LogoutView

        views.LogoutView = LogoutView  # type: ignore[misc]


follow_tests()
runtests.ALWAYS_INSTALLED_APPS[:] = [
    *with_app(runtests.ALWAYS_INSTALLED_APPS),
    f"{__name__}.Swap",
]
runtests.ALWAYS_MIDDLEWARE[:] = with_middleware(runtests.ALWAYS_MIDDLEWARE)
