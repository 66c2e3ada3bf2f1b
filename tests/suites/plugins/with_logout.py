"""A pytest plugin that installs django_logout in the test project that is about to be set up.

It runs where ``tests`` is a package of theirs, not ours. Settings modules of ours would not do:
some tests look at the names of theirs, and some projects configure themselves in a conftest.
"""

from typing import Any

import django
import logout_lists
from django.conf import settings
from django.core.checks.registry import CheckRegistry


def setup(*arguments: Any, original: Any = django.setup, **options: Any) -> None:
    """Set Django up with django_logout."""
    settings.INSTALLED_APPS = logout_lists.with_app(settings.INSTALLED_APPS)
    settings.MIDDLEWARE = logout_lists.with_middleware(settings.MIDDLEWARE)
    original(*arguments, **options)


def get_checks(
    self: CheckRegistry, *arguments: Any, original: Any = CheckRegistry.get_checks, **options: Any
) -> list[Any]:
    """Leave out the checks that miss our URLs and a login page, which are no part of their tests."""
    checks = original(self, *arguments, **options)
    ours = ("django_logout.operations.checks", "url_checks")
    return [check for check in checks if (check.__module__, check.__name__) != ours]


django.setup = setup
CheckRegistry.get_checks = get_checks  # type: ignore[method-assign]
logout_lists.follow_tests()
