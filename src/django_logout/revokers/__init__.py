"""Revokers: each module revokes one kind of credential, and knows no other revoker.

Only ``ending.pipeline`` runs them. This module names the revokers of a project and imports none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from django_logout.conf import cached_until_setting_changes, logout_settings
from django_logout.sessions import token_logins

if TYPE_CHECKING:
    from django_logout.revokers.base import Revoker

logger = logging.getLogger("django_logout")

REVOKERS = (
    "django_logout.revokers.session.SessionRevoker",
    "django_logout.revokers.cookies.CookieRevoker",
)

#: The revoker of each installed app.
BY_APP = {
    "django_logout.federation": "django_logout.federation.outbox.ClientRevoker",
    "rest_framework.authtoken": "django_logout.revokers.drf_token.DrfTokenRevoker",
    "knox": "django_logout.revokers.knox.KnoxRevoker",
    "oauth2_provider": "django_logout.revokers.oauth_toolkit.OauthToolkitRevoker",
    **dict.fromkeys(token_logins.APPS, "django_logout.revokers.simplejwt.SimpleJwtRevoker"),
}

#: The revoker of projects with a channel layer. Channels need not be an installed app.
CHANNELS_REVOKER = "django_logout.revokers.channels.revoker.ChannelsRevoker"


@cached_until_setting_changes("INSTALLED_APPS", "CHANNEL_LAYERS", "LOGOUT")
def paths() -> tuple[str, ...]:
    """Return dotted paths of this package's revokers, those of installed apps, and the project's."""
    found = [path for app, path in BY_APP.items() if apps.is_installed(app)]
    if getattr(settings, "CHANNEL_LAYERS", None):
        found.append(CHANNELS_REVOKER)
    given: Any = logout_settings().REVOKERS
    # A system check reports a value of another type, which must not stop the start.
    own = [path for path in given if isinstance(path, str)] if isinstance(given, tuple) else ()
    return tuple(dict.fromkeys((*REVOKERS, *found, *own)))


def connect_receivers() -> None:
    """Let each revoker connect its receivers. Those in ``REVOKERS`` have none.

    One that cannot be created is logged: what is issued from now on is bound to no session.
    """
    paths.cache_clear()  # A call before all apps were loaded has cached too few.
    for path, error in failures():
        logger.error("Revoker %s cannot be used: %s: %s", path, type(error).__name__, error)
    for revoker in _create(path for path in paths() if path not in REVOKERS):
        revoker.connect()


def instances() -> Iterator[Revoker]:
    """Yield the revokers that can be created."""
    return _create(paths())


def failures() -> Iterator[tuple[str, Exception]]:
    """Yield the paths of the revokers that cannot be created, each with the error. Those in
    ``REVOKERS`` need no other app, and are imported by the first ending."""
    for path in (path for path in paths() if path not in REVOKERS):
        try:
            import_string(path)()
        except Exception as error:  # noqa: BLE001 - importing can raise anything
            yield path, error


def _create(found: Iterable[str]) -> Iterator[Revoker]:
    for path in found:
        # The system checks, the log at the start and that of each ending report a failure.
        with suppress(Exception):
            yield import_string(path)()
