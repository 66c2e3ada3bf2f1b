"""Checks for apps in which administrators act as other users."""

from collections.abc import Iterator

from django.apps import apps
from django.core.checks import CheckMessage, Warning

from django_logout.operations.checks.urls import Patterns
from django_logout.policies.impersonation import VIEWS, view_names

#: Apps in which users act as others, and that are not adapted.
NOT_ADAPTED = (
    "django_su",
    "drf_impersonation",
    "impersonator",
    "login_as",
    "masquerade",
    "runas",
    "userservice",
)
BLOCK = "with django_logout.impersonation(request): login(request, user)"


def check_impersonation(patterns: Patterns) -> Iterator[CheckMessage]:
    """Check that the package recognizes each login as another user."""
    found = set().union(*(view_names(view) for _, view in patterns))
    for app in NOT_ADAPTED:
        if apps.is_installed(app):
            yield _warn(app, "is not adapted", "W066")
    for app, views in VIEWS.items():
        if apps.is_installed(app) and not views & found:
            yield _warn(app, "has none of its own views in the URLconf", "W065")


def _warn(app: str, why: str, number: str) -> Warning:
    return Warning(
        f'"{app}" {why}, so acting as another user may count as a login of that user, and outlive '
        "the session of the administrator.",
        hint=f"Where you log in as another user, and back, write {BLOCK}. Then add "
        f'"django_logout.{number}" to SILENCED_SYSTEM_CHECKS.',
        id=f"django_logout.{number}",
    )
