"""Checks for djangorestframework-simplejwt: its tokens must stop working when their login ends."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from django_logout.operations.checks.imports import ancestry, modules_of
from django_logout.operations.checks.urls import find_patterns
from django_logout.sessions import token_logins

OURS = "django_logout.contrib.drf.jwt"
LIBRARY = "rest_framework_simplejwt.authentication"
ACCESS = "rest_framework_simplejwt.tokens.AccessToken"
SLIDING = "rest_framework_simplejwt.tokens.SlidingToken"
BLACKLIST_VIEW = "rest_framework_simplejwt.views.TokenBlacklistView"
#: The library's default for ACCESS_TOKEN_LIFETIME.
LIFETIME = timedelta(minutes=5)

#: The serializers that write the id of the login into the tokens.
SERIALIZERS = {
    "TOKEN_OBTAIN_SERIALIZER": f"{OURS}_serializers.TokenObtainPairSerializer",
    "TOKEN_REFRESH_SERIALIZER": f"{OURS}_serializers.TokenRefreshSerializer",
}
#: The same for sliding tokens.
SLIDING_SERIALIZERS = {
    "SLIDING_TOKEN_OBTAIN_SERIALIZER": f"{OURS}_serializers.TokenObtainSlidingSerializer",
    "SLIDING_TOKEN_REFRESH_SERIALIZER": f"{OURS}_serializers.TokenRefreshSlidingSerializer",
}


def check_tokens() -> Iterator[CheckMessage]:
    """Check the default authentication classes and the serializers. Those of single views are not
    seen."""
    classes = _setting("REST_FRAMEWORK").get("DEFAULT_AUTHENTICATION_CLASSES", ())
    modules = set().union(*map(modules_of, classes))
    given = _setting("SIMPLE_JWT")
    if OURS in modules:
        yield from _check_serializers(given)
    elif LIBRARY in modules:
        lifetime = given.get("ACCESS_TOKEN_LIFETIME", LIFETIME)
        yield Warning(
            "REST_FRAMEWORK names simplejwt's own JWTAuthentication, which does not check the "
            f"login: access tokens are accepted for up to {lifetime} after it has ended.",
            hint=f'Write "{OURS}.JWTAuthentication" in its place in DEFAULT_AUTHENTICATION_CLASSES, '
            f"or mix {OURS}.SessionCheckMixin into your own class.",
            id="django_logout.W071",
        )


def _check_serializers(given: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if not token_logins.in_use():
        app = token_logins.APPS[0]
        yield Error(
            f"{OURS} is used and {app} is not installed, so no ending reaches its tokens.",
            hint=f'Add "{app}" to INSTALLED_APPS.',
            id="django_logout.E070",
        )
        return
    wanted: dict[str, str] = {}
    for kind in given.get("AUTH_TOKEN_CLASSES", (ACCESS,)):
        wanted.update(SLIDING_SERIALIZERS if SLIDING in ancestry(kind) else SERIALIZERS)
    for key, path in wanted.items():
        if f"{OURS}_serializers" not in modules_of(given.get(key, "")):
            yield Warning(
                f'SIMPLE_JWT["{key}"] is not a django_logout serializer. Its tokens do not name '
                "their login, and end only when all tokens of their user end.",
                hint=f'Write SIMPLE_JWT = {{"{key}": "{path}"}}, or extend that class.',
                id="django_logout.W072",
            )
    # A client that sends its refresh token to be blacklisted is logging out. If the library has a
    # list, the login ends with the token (see policies.blacklisting).
    if apps.is_installed(token_logins.APPS[1]):
        return
    for _, view in find_patterns() or ():
        view_class: Any = getattr(view, "cls", None)
        if BLACKLIST_VIEW not in ancestry(view_class):
            continue
        serializer = view_class.serializer_class or given.get("TOKEN_BLACKLIST_SERIALIZER", "")
        if f"{OURS}_serializers" not in modules_of(serializer):
            path = f"{OURS}_serializers.TokenBlacklistSerializer"
            yield Warning(
                f"{view_class.__name__} uses the library's own serializer, which does nothing without "
                "the library's list: the tokens of that login are still accepted.",
                hint=f'Write SIMPLE_JWT = {{"TOKEN_BLACKLIST_SERIALIZER": "{path}"}}, or extend '
                "that class.",
                id="django_logout.W075",
            )


def _setting(name: str) -> Mapping[str, Any]:
    given = getattr(settings, name, None)
    return given if isinstance(given, Mapping) else {}
