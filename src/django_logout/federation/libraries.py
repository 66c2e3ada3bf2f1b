"""The libraries by which this site is an OpenID provider, behind one interface.

Each is used where the project has named its validator or adapter of ``django_logout.contrib``::

    OAUTH2_PROVIDER = {"OAUTH2_VALIDATOR_CLASS": "django_logout.contrib.oauth_toolkit.Validator"}
    IDP_OIDC_ADAPTER = "django_logout.contrib.allauth_idp.IdpAdapter"
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, Protocol

from django.apps import apps
from django.utils.module_loading import import_string

from django_logout.conf import cached_until_setting_changes


class Application(NamedTuple):
    """An application as its library knows it."""

    library: "Library"
    row: Any
    title: str
    "What users call it."

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a logout token, signed like the application's ID tokens."""
        return self.library.sign(self.row, claims)


class Library(Protocol):
    """A library by which this site is an OpenID provider."""

    hint: str
    "What to write in the settings so that its logins are recorded."

    def is_connected(self) -> bool:
        """Return whether its logins are recorded."""

    def connect(self) -> None:
        """Record its logins, and publish that logouts are reported. Called once."""

    def find(self, client_ids: Collection[str]) -> Mapping[str, Application]:
        """Return the applications with these client ids, in one query."""

    def sign(self, row: Any, claims: Mapping[str, Any]) -> str:
        """Return a logout token for an application. Raises what its library raises without a key."""


#: The implementation for each app.
BY_APP = {
    "oauth2_provider": "django_logout.contrib.oauth_toolkit.OauthToolkit",
    "allauth.idp.oidc": "django_logout.contrib.allauth_idp.AllauthIdp",
}


def installed() -> list[Library]:
    """Return the libraries that are installed."""
    return [import_string(path)() for app, path in BY_APP.items() if apps.is_installed(app)]


@cached_until_setting_changes("INSTALLED_APPS", "OAUTH2_PROVIDER", "IDP_OIDC_ADAPTER")
def connected() -> tuple[Library, ...]:
    """Return the libraries whose logins are recorded. Without any, nothing costs a query."""
    return tuple(library for library in installed() if library.is_connected())


def connect() -> None:
    """Let the libraries record their logins. Called once, when the apps are ready."""
    connected.cache_clear()  # A call before all apps were ready has cached too few.
    for library in connected():
        library.connect()


def find_applications(client_ids: Collection[str]) -> dict[str, Application]:
    """Return the applications with these client ids, in a query for each library."""
    found: dict[str, Application] = {}
    for library in connected() if client_ids else ():
        found |= library.find(client_ids)
    return found


def title_of(client_id: str, found: Mapping[str, Application]) -> str:
    """Return what users call an application, which may have been deleted."""
    return found[client_id].title if client_id in found else client_id
