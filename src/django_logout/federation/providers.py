"""The setting ``LOGOUT["PROVIDERS"]``: through which providers users log in."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings

from django_logout.conf import cached_until_setting_changes, logout_settings


class Provider(SimpleNamespace):
    """Every key of a provider with its type and default. ``ISSUER`` and ``CLIENT_ID`` are required."""

    alias: str = ""
    'The key in ``LOGOUT["PROVIDERS"]``.'

    ALGORITHMS: tuple[str, ...] = ("RS256",)
    "Algorithms with which the provider signs for this client, as registered there."

    ALLOW_PRIVATE: bool = False
    "Whether its addresses may be private or use plain HTTP, as in an internal network."

    CHOICE: bool = False
    "Whether users choose between a logout here only and one at the provider as well."

    CLIENT_AUTH: Literal["basic", "post"] = "basic"
    "Whether the secret is sent to the provider in a header or in the form, for ``RECHECK``."

    CLIENT_ID: str = ""
    "The id under which this site is registered at the provider."

    CLIENT_SECRET: str | Callable[..., Any] = ""
    "The secret of the client, or a callable that returns it. For HS256, and for ``RECHECK``."

    END_SESSION_ENDPOINT: str = ""
    "The URL to which users are sent to log out. By default, what the provider publishes."

    FRONTCHANNEL_WITHOUT_ISS: bool = False
    "Whether the provider's front-channel requests name a session without their issuer."

    ISSUER: str = ""
    "The issuer, exactly as in the tokens."

    JWKS_URI: str = ""
    "The URL of the provider's keys. By default, what the provider publishes."

    LEEWAY: timedelta | int = 30
    "How much the clocks may differ. A timedelta or seconds."

    LOGOUT_METHOD: Literal["get", "post"] = "get"
    "How browsers are sent to the provider. With ``post``, no token appears in a URL."

    POST_LOGOUT_REDIRECT_URI: str = ""
    "Where the provider sends browsers back to. Registered there, and sent as it is."

    PRESET: str = ""
    "The product, whose peculiarities become the defaults: a key of :data:`PRESETS`."

    RECHECK: timedelta | int = 0
    """How long a login counts until the provider is asked whether it still stands. A timedelta or
    seconds; 0 never asks."""

    RECHECK_BY: Literal["refresh_token", "userinfo"] = "refresh_token"
    "How the provider is asked: for new tokens, or for the user's data by the access token."

    RECHECK_FAILS: Literal["open", "closed"] = "open"
    "Whether requests are served or refused while the provider does not answer."

    REQUIRE_TYP: bool = False
    "Whether logout tokens must have the type ``logout+jwt``, as ASVS 10.5.5 asks."

    RETURN_PARAMETER: str = "post_logout_redirect_uri"
    "The name of the parameter with the URL to come back to."

    SID_OPTIONAL: bool = False
    "Whether a logout token with an unknown session ends the user's sessions that have none."

    TITLE: str = ""
    "What users call the provider. By default, the alias."

    TOKENS_WITHOUT_EXP: bool = False
    "Whether logout tokens may lack ``exp``. They are accepted for two minutes then."

    @property
    def title(self) -> str:
        """What users call the provider."""
        return self.TITLE or self.alias

    @property
    def is_trusted_network(self) -> bool:
        """Whether plain HTTP and private addresses are accepted: in development, and if asked for."""
        return bool(self.ALLOW_PRIVATE or settings.DEBUG)

    @property
    def secret(self) -> str:
        """The client's secret. It is never logged or shown."""
        given = self.CLIENT_SECRET
        return str(given() if callable(given) else given)

    @property
    def origin(self) -> str:
        """Scheme and host of the issuer."""
        parts = urlsplit(self.ISSUER)
        return f"{parts.scheme}://{parts.netloc}"


#: What providers do differently. Seen with the products, or in their documentation.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "allauth_idp": {},
    "auth0": {},
    "authentik": {},
    "cognito": {"RETURN_PARAMETER": "logout_uri"},
    # Its view answers 403 to a POST from another site.
    "django_oauth_toolkit": {"LOGOUT_METHOD": "get"},
    "entra_id": {"FRONTCHANNEL_WITHOUT_ISS": True},
    "glewlwyd": {"TOKENS_WITHOUT_EXP": True},
    "google": {},
    "hydra": {"TOKENS_WITHOUT_EXP": True},
    "keycloak": {},
    "lemonldap": {},
    "okta": {},
    "zitadel": {},
}

KEYS = frozenset(name for name in Provider.__annotations__ if name.isupper())


@cached_until_setting_changes("LOGOUT")
def configured() -> Mapping[str, Provider]:
    """Return the providers of the project by their aliases. Unknown keys are ignored."""
    found = {}
    for alias, given in logout_settings().PROVIDERS.items():
        known = {key: _as_tuple(value) for key, value in given.items() if key in KEYS}
        preset = PRESETS.get(known.get("PRESET", ""), {})
        found[alias] = Provider(alias=alias, **{**preset, **known})
    return found


def by_issuer(issuer: Any) -> list[Provider]:
    """Return the providers with this issuer: one for each client that the site has there."""
    return [provider for provider in configured().values() if issuer == provider.ISSUER]


def title_of(alias: str) -> str:
    """Return what users call a provider, which may not be configured any more."""
    provider = configured().get(alias)
    return provider.title if provider else alias


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
