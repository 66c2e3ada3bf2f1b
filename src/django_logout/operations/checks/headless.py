"""Are the tokens of apps asked whether their session has ended? (allauth.headless)"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning

from django_logout.operations.checks.imports import ancestry, modules_of
from django_logout.operations.checks.ours import register

OURS = "django_logout.contrib.headless"
OUR_CLASS = "django_logout.contrib.drf.headless.JWTTokenAuthentication"
THEIR_CLASS = "allauth.headless.contrib.rest_framework.authentication.JWTTokenAuthentication"
#: The library's own defaults.
CLIENTS = ("browser", "app")
STRATEGY = "allauth.headless.tokens.strategies.sessions.SessionTokenStrategy"
#: Of its strategies, which is which.
JWT = "allauth.headless.tokens.strategies.jwt.strategy"


@register(Tags.security)
def check_apps(**kwargs: Any) -> list[CheckMessage]:
    """The strategy, and the default classes of the API. (What single views name is not seen.)"""
    clients = getattr(settings, "HEADLESS_CLIENTS", CLIENTS)
    if not apps.is_installed("allauth.headless") or "app" not in clients:
        return []
    found: list[CheckMessage] = []
    strategy = getattr(settings, "HEADLESS_TOKEN_STRATEGY", STRATEGY)
    made_of = modules_of(strategy)
    if OURS not in made_of:
        sentence = (
            "HEADLESS_TOKEN_STRATEGY is not ours, so sessions of apps are not guarded: a request in "
            "flight brings ended ones back, and those with a new key are not found."
        )
        name = "JWTTokenStrategy" if JWT in made_of else "SessionTokenStrategy"
        hint = f'Write HEADLESS_TOKEN_STRATEGY = "{OURS}.{name}", or extend that class.'
        found.append(Warning(sentence, hint=hint, id="django_logout.W073"))
    given = getattr(settings, "REST_FRAMEWORK", None) or {}
    classes = given.get("DEFAULT_AUTHENTICATION_CLASSES", ())
    return [*found, *(_unchecked_auth(name) for name in classes if _trusts_token_alone(name))]


def _trusts_token_alone(name: Any) -> bool:
    made_of = ancestry(name)
    return THEIR_CLASS in made_of and OUR_CLASS not in made_of


def _unchecked_auth(name: Any) -> CheckMessage:
    sentence = (
        f"REST_FRAMEWORK lets {name} in, which asks nobody: access tokens of apps live on until they "
        "expire after their session has ended."
    )
    hint = f'Write "{OUR_CLASS}" in its place, or extend that class.'
    return Warning(sentence, hint=hint, id="django_logout.W074")
