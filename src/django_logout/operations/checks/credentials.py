"""Checks for credentials that a logout would not revoke."""

from collections.abc import Iterator, Mapping

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning
from django.db.models import Model

from django_logout.operations.checks.setting_types import listed
from django_logout.revokers import BY_APP, CHANNELS_REVOKER, failures, instances

#: Apps with credentials of their own. Some of these do not point to a user.
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
#: Names of fields by which a credential is looked up, if they are indexed.
FIELDS = frozenset({"token", "key", "digest", "jti"})
#: Endings of the names of models. "Session" is not among them: chats and courses have sessions too.
NAMES = ("token", "apikey")


def check_credentials() -> Iterator[CheckMessage]:
    """Check that each app with credentials has a revoker or is exempt, and run the revokers' own
    checks."""
    exempt, revokers = listed("EXEMPT_CREDENTIALS"), list(instances())
    names = {revoker.name for revoker in revokers}
    for name in exempt:
        if name not in names and not apps.is_installed(name):
            yield Warning(
                f'LOGOUT["EXEMPT_CREDENTIALS"] names "{name}", which is neither a revoker nor an '
                "installed app, so it exempts nothing.",
                hint=f'Write the name of a revoker or an installed app, or remove "{name}".',
                id="django_logout.W061",
            )
    yield from _check_labels()
    failing = dict(failures())
    yield from _check_built_in(failing)
    covered = {app for revoker in revokers for app in revoker.apps}
    covered |= {app for app, path in BY_APP.items() if path in failing}
    for config in apps.get_app_configs():
        app = config.name
        if app.partition(".")[0] in {"django", "django_logout"} or app in {*covered, *exempt}:
            continue
        models = [
            model.__name__
            for model in config.get_models()
            if _is_credential(model)
            and model._meta.label_lower not in _not_credentials()
            and not any(revoker.owns_model(model) for revoker in revokers)
        ]
        if models or app in KNOWN:
            which = f" ({', '.join(models)})" if models else ""
            yield Warning(
                f'No logout revokes the credentials of "{app}"{which}: they are accepted '
                "afterwards.",
                hint=f'Write a revoker with apps = ("{app}",) and list it in LOGOUT["REVOKERS"]; '
                "or, if they are meant to outlive every logout, write "
                f'LOGOUT = {{"EXEMPT_CREDENTIALS": ["{app}"]}}; or, if they let no one in, '
                f'LOGOUT = {{"NOT_CREDENTIALS": ["{config.label}.{(models or ["Model"])[0]}"]}}.',
                id="django_logout.W060",
            )
    for revoker in revokers:
        yield from revoker.check()


def _not_credentials() -> set[str]:
    return {str(label).lower() for label in listed("NOT_CREDENTIALS")}


def _check_labels() -> Iterator[CheckMessage]:
    """Check that ``NOT_CREDENTIALS`` names models."""
    known = {model._meta.label_lower for model in apps.get_models()}
    for label in listed("NOT_CREDENTIALS"):
        if str(label).lower() not in known:
            yield Warning(
                f'LOGOUT["NOT_CREDENTIALS"] names "{label}", which is no installed model.',
                hint=f'Write the label of a model, as in "shop.WishList", or remove "{label}".',
                id="django_logout.W064",
            )


def _check_built_in(failing: Mapping[str, Exception]) -> Iterator[CheckMessage]:
    """Check that the revokers of installed apps can be used. A new version of an app may have
    dropped what its revoker imports. The project's own are checked with the settings."""
    for app, path in {**BY_APP, "channels": CHANNELS_REVOKER}.items():
        error = failing.get(path)
        if error is not None and (app == "channels" or apps.is_installed(app)):
            yield Error(
                f'The revoker of "{app}" cannot be used ({type(error).__name__}: {error}), so no '
                "logout revokes its credentials.",
                hint=f"Update django-logout, or go back to a version of {app} that it supports: see "
                "docs/integrations.md.",
                id="django_logout.E067",
            )


def _is_credential(model: type[Model]) -> bool:
    """Return whether a model looks like a credential of a user, by its name or its fields."""
    user, fields = get_user_model(), model._meta.concrete_fields
    if issubclass(model, user) or not any(field.related_model is user for field in fields):
        return False
    indexed = {f.name for f in fields if f.unique or getattr(f, "db_index", False)}
    return bool(indexed & FIELDS) or model.__name__.lower().endswith(NAMES)
