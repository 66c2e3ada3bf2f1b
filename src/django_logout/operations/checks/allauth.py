"""Checks for allauth: its own pages and tokens must respect and cause endings."""

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from django_logout.operations.checks.imports import ancestry, modules_of
from django_logout.operations.checks.urls import Patterns

ADAPTER = "django_logout.contrib.allauth.SessionsAdapter"
STRATEGIES = "django_logout.contrib.headless"
AUTHENTICATION = "django_logout.contrib.drf.headless.JWTTokenAuthentication"
#: The classes and the defaults of allauth.
ALLAUTH_AUTHENTICATION = (
    "allauth.headless.contrib.rest_framework.authentication.JWTTokenAuthentication"
)
ALLAUTH_CLIENTS = ("browser", "app")
ALLAUTH_STRATEGY = "allauth.headless.tokens.strategies.sessions.SessionTokenStrategy"
ALLAUTH_JWT_STRATEGIES = "allauth.headless.tokens.strategies.jwt.strategy"


def check_adapter() -> Iterator[CheckMessage]:
    """Check that the page of allauth.usersessions ends sessions through this package."""
    given = getattr(settings, "USERSESSIONS_ADAPTER", "")
    if apps.is_installed("allauth.usersessions") and ADAPTER not in ancestry(given):
        yield Warning(
            "USERSESSIONS_ADAPTER is not a django_logout adapter. Sessions that allauth's page "
            "ends can come back, their tokens and sockets stay usable, and nothing is recorded.",
            hint=f'Write USERSESSIONS_ADAPTER = "{ADAPTER}", or extend that class.',
            id="django_logout.W062",
        )


def check_logout_on_get() -> Iterator[CheckMessage]:
    """Check that allauth's logout view asks. A GET needs no CSRF token, so any site can send one."""
    if apps.is_installed("allauth.account") and getattr(settings, "ACCOUNT_LOGOUT_ON_GET", False):
        yield Warning(
            "ACCOUNT_LOGOUT_ON_GET lets a link, an image or a prefetch on any site log users out.",
            hint="Remove it, and use a button: {% load logout %} {% logout_button %}.",
            id="django_logout.W063",
        )


def check_same_prefix(patterns: Patterns) -> Iterator[CheckMessage]:
    """Check that no URL of this package replaces a page of allauth, or its logout silently."""
    names = {name for name, _ in patterns} & {"usersessions_list", "account_logout"}
    replaced = set(filter(_leads_to_ours, names))
    if "usersessions_list" in replaced:
        yield Warning(
            "django_logout.urls and allauth.urls have the same prefix, so our page of sessions "
            "replaces that of allauth.usersessions.",
            hint='Include one of them elsewhere, as in path("account/", '
            'include("django_logout.urls")); or remove "allauth.usersessions".',
            id="django_logout.W014",
        )
    redirect = getattr(settings, "ACCOUNT_LOGOUT_REDIRECT_URL", None)
    if "account_logout" in replaced and redirect and redirect != settings.LOGOUT_REDIRECT_URL:
        yield Warning(
            "The URL of allauth's logout leads to this package, which does not read "
            "ACCOUNT_LOGOUT_REDIRECT_URL.",
            hint=f"Write LOGOUT_REDIRECT_URL = {str(redirect)!r}.",
            id="django_logout.W015",
        )


def _leads_to_ours(name: str) -> bool:
    try:
        return hasattr(resolve(reverse(name)).func, "ends_sessions")
    except (NoReverseMatch, Resolver404):
        return False


def check_headless() -> Iterator[CheckMessage]:
    """Check that allauth.headless refuses the tokens of ended sessions.

    The authentication classes of single views are not seen, only the defaults.
    """
    clients = getattr(settings, "HEADLESS_CLIENTS", ALLAUTH_CLIENTS)
    if not apps.is_installed("allauth.headless") or "app" not in clients:
        return
    modules = modules_of(getattr(settings, "HEADLESS_TOKEN_STRATEGY", ALLAUTH_STRATEGY))
    if STRATEGIES not in modules:
        name = "JWTTokenStrategy" if ALLAUTH_JWT_STRATEGIES in modules else "SessionTokenStrategy"
        yield Warning(
            "HEADLESS_TOKEN_STRATEGY is not a django_logout strategy, so sessions of apps are not "
            "guarded. A request in flight brings an ended session back, and a session with a "
            "rotated key is not found.",
            hint=f'Write HEADLESS_TOKEN_STRATEGY = "{STRATEGIES}.{name}", or extend that class.',
            id="django_logout.W073",
        )
    given = getattr(settings, "REST_FRAMEWORK", None) or {}
    for name in given.get("DEFAULT_AUTHENTICATION_CLASSES", ()):
        classes = ancestry(name)
        if ALLAUTH_AUTHENTICATION in classes and AUTHENTICATION not in classes:
            yield Warning(
                f"REST_FRAMEWORK names {name}, which does not check the session: access tokens of "
                "apps are accepted until they expire, even after their session has ended.",
                hint=f'Write "{AUTHENTICATION}" instead, or extend that class.',
                id="django_logout.W074",
            )
