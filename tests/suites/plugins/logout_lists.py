"""Put django_logout into the settings of projects that know nothing of it, as our documentation
tells a project to: those they begin with, and those that a test brings."""

from collections.abc import Iterable
from typing import Any

from django.apps.registry import Apps
from django.test.utils import override_settings


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


def follow_tests() -> None:
    """Have ours in the lists that a test brings, too."""
    override_settings.enable = _enable  # type: ignore[assignment, method-assign]
    Apps.set_available_apps = _set_available_apps  # type: ignore[method-assign]


def _enable(self: override_settings, original: Any = override_settings.enable) -> None:
    """With ours in the lists; modify_settings comes by here too."""
    changes = {"INSTALLED_APPS": with_app, "MIDDLEWARE": with_middleware}
    changed = {name: changes[name](self.options[name]) for name in changes if name in self.options}
    self.options = {**self.options, **changed}  # a new dict: subclasses share the old one
    original(self)


def _set_available_apps(
    self: Apps, available: Iterable[str], original: Any = Apps.set_available_apps
) -> None:
    """With ours, or Django would not empty our tables after a TransactionTestCase."""
    original(self, with_app(available))
