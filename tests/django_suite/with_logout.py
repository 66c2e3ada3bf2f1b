"""Settings under which Django's runtests.py installs django_logout as our documentation tells a
project to.

runtests.py overwrites INSTALLED_APPS and MIDDLEWARE once it has read its settings, and some tests
bring their own. So the lists it is about to use are changed in place, and those of the tests when
they take effect.
"""

import sys
from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.test.utils import override_settings
from test_sqlite import *  # type: ignore[import-not-found]  # noqa: F403

TEST_RUNNER = "tests.django_suite.verdict.Runner"

runtests: Any = sys.modules["__main__"]


def with_app(apps: Iterable[str]) -> list[str]:
    """Where Django's auth is installed, ours is."""
    others = [name for name in apps if name != "django_logout"]
    return [*others, "django_logout"] if "django.contrib.auth" in others else others


def with_middleware(middleware: Iterable[str]) -> list[str]:
    """Ours after AuthenticationMiddleware, and only there: a test may have taken that one out."""
    ours = "django_logout.middleware.LogoutMiddleware"
    others = [name for name in middleware if name != ours]
    auth = "django.contrib.auth.middleware.AuthenticationMiddleware"
    if auth in others:
        others.insert(others.index(auth) + 1, ours)
    return others


def enable(self: override_settings, original: Any = override_settings.enable) -> None:
    """With ours in the lists that a test brings; modify_settings comes by here too."""
    changes = {"INSTALLED_APPS": with_app, "MIDDLEWARE": with_middleware}
    changed = {name: changes[name](self.options[name]) for name in changes if name in self.options}
    self.options = {**self.options, **changed}  # a new dict: subclasses share the old one
    original(self)


def set_available_apps(
    self: Apps, available: Iterable[str], original: Any = Apps.set_available_apps
) -> None:
    """With ours, or Django would not empty our tables after a TransactionTestCase."""
    original(self, with_app(available))


class Swap(AppConfig):
    """An app, because ready() comes when our views can be imported and no URLconf has been."""

    name = __name__

    def ready(self) -> None:
        from django.contrib.auth import views

        from django_logout.views import LogoutView

        views.LogoutView = LogoutView  # type: ignore[misc]


override_settings.enable = enable  # type: ignore[assignment, method-assign]
Apps.set_available_apps = set_available_apps  # type: ignore[method-assign]
runtests.ALWAYS_INSTALLED_APPS[:] = [
    *with_app(runtests.ALWAYS_INSTALLED_APPS),
    f"{__name__}.Swap",
]
runtests.ALWAYS_MIDDLEWARE[:] = with_middleware(runtests.ALWAYS_MIDDLEWARE)
