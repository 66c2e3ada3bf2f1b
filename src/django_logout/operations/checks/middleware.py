"""Checks for the order of MIDDLEWARE."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error

from django_logout.operations.checks.imports import ancestry

OURS = "django_logout.middleware.LogoutMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"


def check_middleware() -> Iterator[CheckMessage]:
    """Check that the middleware is listed once, after the two that it depends on."""
    ours, sessions, auth = (
        [at for at, path in enumerate(settings.MIDDLEWARE) if wanted in ancestry(path)]
        for wanted in (OURS, SESSIONS, AUTH)
    )
    for path, places, error in ((SESSIONS, sessions, "E004"), (AUTH, auth, "E005")):
        if not places:
            yield Error(
                f"{path} is not in MIDDLEWARE, so no user is ever logged in.",
                hint=f'Put "{path}" into MIDDLEWARE, before "{OURS}".',
                id=f"django_logout.{error}",
            )
    if not ours:
        yield Error(
            "LogoutMiddleware is not in MIDDLEWARE, so ended sessions can come back.",
            hint=f'Put "{OURS}" into MIDDLEWARE, right after "{AUTH}".',
            id="django_logout.E001",
        )
    if len(ours) > 1:
        yield Error(
            f"LogoutMiddleware is in MIDDLEWARE {len(ours)} times.",
            hint=f'Remove "{settings.MIDDLEWARE[ours[-1]]}" from MIDDLEWARE.',
            id="django_logout.E002",
        )
    if ours and ours[0] < max(sessions[:1] + auth[:1], default=0):
        last = settings.MIDDLEWARE[max(sessions[:1] + auth[:1])]
        yield Error(
            f"LogoutMiddleware precedes {last} in MIDDLEWARE.",
            hint=f'Move "{settings.MIDDLEWARE[ours[0]]}" in MIDDLEWARE to right after "{last}".',
            id="django_logout.E003",
        )
