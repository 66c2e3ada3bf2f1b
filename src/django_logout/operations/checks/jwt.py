"""Are JSON web tokens asked whether their login has ended? (djangorestframework-simplejwt)"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning

from django_logout.operations.checks.imports import ancestry, modules_of
from django_logout.operations.checks.ours import register
from django_logout.operations.checks.urls import patterns
from django_logout.sessions import token_logins

OURS = "django_logout.contrib.drf.jwt"
THEIRS = "rest_framework_simplejwt.authentication"
ACCESS = "rest_framework_simplejwt.tokens.AccessToken"
SLIDING = "rest_framework_simplejwt.tokens.SlidingToken"
BLACKLISTS = "rest_framework_simplejwt.views.TokenBlacklistView"
#: The library's own default.
LIFETIME = timedelta(minutes=5)

#: What has to be ours for tokens to say of which login they are.
SERIALIZERS = {
    "TOKEN_OBTAIN_SERIALIZER": f"{OURS}_serializers.TokenObtainPairSerializer",
    "TOKEN_REFRESH_SERIALIZER": f"{OURS}_serializers.TokenRefreshSerializer",
}
#: The same, where sliding tokens are let in.
SLIDING_SERIALIZERS = {
    "SLIDING_TOKEN_OBTAIN_SERIALIZER": f"{OURS}_serializers.TokenObtainSlidingSerializer",
    "SLIDING_TOKEN_REFRESH_SERIALIZER": f"{OURS}_serializers.TokenRefreshSlidingSerializer",
}


@register(Tags.security)
def check_tokens(**kwargs: Any) -> list[CheckMessage]:
    """The default classes of the API, and the serializers. (What single views name is not seen.)"""
    classes = _setting("REST_FRAMEWORK").get("DEFAULT_AUTHENTICATION_CLASSES", ())
    made_of = [modules_of(each) for each in classes]
    given = _setting("SIMPLE_JWT")
    if any(OURS in modules for modules in made_of):
        return _of_ours(given)
    if any(THEIRS in modules for modules in made_of):
        lifetime = given.get("ACCESS_TOKEN_LIFETIME", LIFETIME)
        sentence = (
            "REST_FRAMEWORK lets simplejwt's own JWTAuthentication in, which asks nobody: access "
            f"tokens live on for up to {lifetime} after their login has ended."
        )
        hint = (
            f'Write "{OURS}.JWTAuthentication" in its place in DEFAULT_AUTHENTICATION_CLASSES, '
            f"or mix {OURS}.SessionCheckMixin into your own."
        )
        return [Warning(sentence, hint=hint, id="django_logout.W071")]
    return []


def _of_ours(given: Mapping[str, Any]) -> list[CheckMessage]:
    if not token_logins.in_use():
        app = token_logins.APPS[0]
        sentence = f"{OURS} is used and {app} not installed, so no ending reaches its tokens."
        return [Error(sentence, hint=f'Add "{app}" to INSTALLED_APPS.', id="django_logout.E070")]
    found: list[CheckMessage] = []
    wanted: dict[str, str] = {}
    for kind in given.get("AUTH_TOKEN_CLASSES", (ACCESS,)):
        wanted.update(SLIDING_SERIALIZERS if SLIDING in ancestry(kind) else SERIALIZERS)
    for key, path in wanted.items():
        if f"{OURS}_serializers" not in modules_of(given.get(key, "")):
            sentence = (
                f'SIMPLE_JWT["{key}"] is not ours: tokens do not say of which login they are, and '
                "end with all of their user's only."
            )
            hint = f'Write SIMPLE_JWT = {{"{key}": "{path}"}}, or extend that class.'
            found.append(Warning(sentence, hint=hint, id="django_logout.W072"))
    return [*found, *_blacklist_views(given)]


def _blacklist_views(given: Mapping[str, Any]) -> Iterator[CheckMessage]:
    """Wherever refresh tokens can be given back, that is logging out."""
    for _, view in patterns() or ():
        kind: Any = getattr(view, "cls", None)
        if BLACKLISTS not in ancestry(kind):
            continue
        serializer = kind.serializer_class or given.get("TOKEN_BLACKLIST_SERIALIZER", "")
        if f"{OURS}_serializers" not in modules_of(serializer):
            sentence = (
                f"{kind.__name__} takes refresh tokens back by the library's own serializer: the "
                "access tokens of that login let people in afterwards."
            )
            path = f"{OURS}_serializers.TokenBlacklistSerializer"
            hint = f'Write SIMPLE_JWT = {{"TOKEN_BLACKLIST_SERIALIZER": "{path}"}}, or extend that class.'
            yield Warning(sentence, hint=hint, id="django_logout.W075")


def _setting(name: str) -> Mapping[str, Any]:
    given = getattr(settings, name, None)
    return given if isinstance(given, Mapping) else {}
