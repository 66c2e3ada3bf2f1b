"""Checks for the order of MIDDLEWARE."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from django_logout.operations.checks.imports import ancestry

OURS = "django_logout.middleware.LogoutMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"


#: Middleware that logs users in again, or identifies them beside the session, and what it goes by.
IDENTIFYING = {
    "django.contrib.auth.middleware.RemoteUserMiddleware": "what the web server says of each request",
    "django_auth_adfs.middleware.LoginRequiredMiddleware": "the login at AD FS",
    "django_cas_ng.middleware.CASMiddleware": "the login at the CAS server",
    "oauth2_provider.middleware.OAuth2TokenMiddleware": "the access token of each request",
    "sesame.middleware.AuthenticationMiddleware": "the link that the user keeps",
}


def check_identifying_middleware() -> Iterator[CheckMessage]:
    """Check that users can leave what a middleware logs them in by, with the next request."""
    if settings.LOGOUT_REDIRECT_URL:
        return  # The project leads its users on, where they can.
    for path in settings.MIDDLEWARE:
        for known in sorted(ancestry(path) & IDENTIFYING.keys()):
            yield Warning(
                f"{path} ({known.rpartition('.')[2]}) logs users in by {IDENTIFYING[known]}, again "
                "after each logout. They are told that they are still logged in.",
                hint="Set LOGOUT_REDIRECT_URL to the page where that login ends, as in "
                'LOGOUT_REDIRECT_URL = "https://sso.example/logout".',
                id="django_logout.W009",
            )


def check_middleware() -> Iterator[CheckMessage]:
    """Check that the middleware is listed once, after the two that it depends on."""
    ours, sessions, auth = (
        [at for at, path in enumerate(settings.MIDDLEWARE) if wanted in ancestry(path)]
        for wanted in (OURS, SESSIONS, AUTH)
    )
    # A middleware of another origin may do the same; what it does cannot be seen from here.
    others = [path for path in settings.MIDDLEWARE[: min(ours, default=None)] if _is_other(path)]
    for path, places, error, warning in (
        (SESSIONS, sessions, "E004", "W006"),
        (AUTH, auth, "E005", "W007"),
    ):
        if not places and others:
            yield Warning(
                f"{path} is not in MIDDLEWARE. No user is ever logged in, unless {_listed(others)} "
                "does the same.",
                hint=f'Put "{path}" into MIDDLEWARE, before "{OURS}"; or, if users can log in, add '
                f'"django_logout.{warning}" to SILENCED_SYSTEM_CHECKS.',
                id=f"django_logout.{warning}",
            )
        elif not places:
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
        yield Warning(
            f"LogoutMiddleware is in MIDDLEWARE {len(ours)} times.",
            hint=f'Remove "{settings.MIDDLEWARE[ours[-1]]}" from MIDDLEWARE.',
            id="django_logout.W008",
        )
    if ours and ours[0] < max(sessions[:1] + auth[:1], default=0):
        last = settings.MIDDLEWARE[max(sessions[:1] + auth[:1])]
        yield Error(
            f"LogoutMiddleware precedes {last} in MIDDLEWARE.",
            hint=f'Move "{settings.MIDDLEWARE[ours[0]]}" in MIDDLEWARE to right after "{last}".',
            id="django_logout.E003",
        )


def _is_other(path: str) -> bool:
    return path.partition(".")[0] not in {"django", "django_logout"}


def _listed(paths: list[str]) -> str:
    return " or ".join(f'"{path}"' for path in paths)
