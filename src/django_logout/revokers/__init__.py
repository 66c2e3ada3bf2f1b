"""One kind of credential a file. Only ``ending.pipeline`` calls revokers, and no revoker knows another.

Which of them a project has is known here, without importing any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from django_logout.conf import cached_until_setting_changes, logout_settings
from django_logout.sessions import token_logins

if TYPE_CHECKING:
    from django_logout.revokers.base import Revoker

REVOKERS = (
    "django_logout.revokers.session.SessionRevoker",
    "django_logout.revokers.cookies.CookieRevoker",
)

#: What is revoked where an app is installed.
BY_APP = {
    "rest_framework.authtoken": "django_logout.revokers.drf_token.DrfTokenRevoker",
    "knox": "django_logout.revokers.knox.KnoxRevoker",
    "oauth2_provider": "django_logout.revokers.oauth_toolkit.OauthToolkitRevoker",
    **dict.fromkeys(token_logins.APPS, "django_logout.revokers.simplejwt.SimpleJwtRevoker"),
}

#: Where there is a channel layer. (Channels works without being among the installed apps.)
OF_CHANNELS = "django_logout.revokers.channels.revoker.ChannelsRevoker"


@cached_until_setting_changes("INSTALLED_APPS", "CHANNEL_LAYERS", "LOGOUT")
def paths() -> tuple[str, ...]:
    """Dotted paths of the revokers of this project: ours, those of the installed apps, its own."""
    found = [path for app, path in BY_APP.items() if apps.is_installed(app)]
    if getattr(settings, "CHANNEL_LAYERS", None):
        found.append(OF_CHANNELS)
    return tuple(dict.fromkeys((*REVOKERS, *found, *logout_settings().REVOKERS)))


def connect() -> None:
    """Let each connect its receivers. The first two, which every project has, have none."""
    paths.cache_clear()  # other apps have been loaded, of which no setting tells yet
    for revoker in _made(path for path in paths() if path not in REVOKERS):
        revoker.connect()


def instances() -> Iterator[Revoker]:
    """Those that can be made."""
    return _made(paths())


def _made(found: Iterable[str]) -> Iterator[Revoker]:
    for path in found:
        with suppress(Exception):  # the system checks say which, and why; so does each ending
            yield import_string(path)()
