"""Is there anything that lets people in, and that no logout would end?"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Tags, Warning
from django.db.models import Model

from django_logout.conf import logout_settings
from django_logout.operations.checks.ours import register
from django_logout.operations.checks.setting_types import matches
from django_logout.revokers import instances
from django_logout.revokers.base import Revoker

#: Apps with credentials of their own, some of which do not point to a user.
KNOWN = frozenset(
    {
        "django_rest_authtoken",
        "django_rest_multitokenauth",
        "drf_multitokenauth",
        "drfpasswordless",
        "durin",
        "graphql_jwt.refresh_token",
        "oidc_provider",
        "rest_framework_api_key",
        "rest_framework_jwt",
        "rest_framework_jwt.blacklist",
        "tastypie",
    }
)
#: Fields by which a credential is found, if there is an index for it.
FIELDS = frozenset({"token", "key", "digest", "jti"})
#: Names of models that say what they are. (Not "Session": people chat, train and study in them.)
NAMES = ("token", "apikey")


@register(Tags.security)
def check_credentials(**kwargs: Any) -> list[CheckMessage]:
    """Every app whose credentials let people in has a revoker, or is known to be spared."""
    given = logout_settings().EXEMPT_CREDENTIALS
    spared = given if matches(given, tuple[str, ...]) else ()
    revokers = list(instances())
    names = {revoker.name for revoker in revokers}
    found = [_unknown(name) for name in spared if name not in names and not apps.is_installed(name)]
    for config in apps.get_app_configs():
        if config.name not in spared and not _is_covered(config, revokers):
            suspects = [model for model in config.get_models() if _is_credential(model)]
            open_ = [m for m in suspects if not any(revoker.owns_model(m) for revoker in revokers)]
            if open_ or config.name in KNOWN:
                found.append(_uncovered(config.name, [model.__name__ for model in open_]))
    return [*found, *(message for revoker in revokers for message in revoker.check())]


def _is_covered(config: AppConfig, revokers: Collection[Revoker]) -> bool:
    ours = config.name.partition(".")[0] in {"django", "django_logout"}
    return ours or any(config.name in revoker.apps for revoker in revokers)


def _is_credential(model: type[Model]) -> bool:
    """Whether a model looks like a credential of a user: by its name, or by what finds it."""
    user, fields = get_user_model(), model._meta.concrete_fields
    if issubclass(model, user) or not any(field.related_model is user for field in fields):
        return False
    indexed = {f.name for f in fields if f.unique or getattr(f, "db_index", False)}
    return bool(indexed & FIELDS) or model.__name__.lower().endswith(NAMES)


def _uncovered(app: str, models: Collection[str]) -> CheckMessage:
    which = f" ({', '.join(models)})" if models else ""
    sentence = f'No logout ends the credentials of "{app}"{which}: they let people in afterwards.'
    hint = (
        f'Write a revoker with covers = ("{app}",) and list it in LOGOUT["REVOKERS"]; or, if they '
        f'are to outlive every logout, write LOGOUT = {{"EXEMPT_CREDENTIALS": ["{app}"]}}.'
    )
    return Warning(sentence, hint=hint, id="django_logout.W060")


def _unknown(name: str) -> CheckMessage:
    sentence = f'LOGOUT["EXEMPT_CREDENTIALS"] names "{name}", so nothing is spared for its sake.'
    hint = f'Write the name of a revoker or an installed app, or take "{name}" out.'
    return Warning(sentence, hint=hint, id="django_logout.W061")
