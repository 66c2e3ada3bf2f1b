"""The providers, the site that logs in at them, and the ways in which it does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from allauth.account.models import EmailAddress
from django_pyoidc.settings import OIDCSettingsFactory

from django_logout.federation import providers
from django_logout.federation.providers import Provider
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import BACKEND
from tests.federation_peers.browser import Browser
from tests.federation_peers.providers import NodeProvider, client
from tests.federation_peers.settings import CLIENT_ID, SECRET
from tests.races.own_redis import free_port

TITLE = "Example ID"
#: A client of the same site whose tokens name no session.
SUBJECT_ONLY = "cars-without-sid"

#: A client that hears of no logout, and gets refresh tokens.
NEVER_TOLD = "cars-never-told"

#: A client of the old provider that it tells by tokens, and of no frame.
BACK_CHANNEL = "cars-by-tokens"


@pytest.fixture(scope="session")
def django_db_use_migrations() -> bool:
    """Create the tables without migrations, because some apps' migrations take longer than the tests."""
    return False


@pytest.fixture(scope="session")
def back_channel_provider(
    live_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NodeProvider]:
    """The newest oidc-provider, which sends logout tokens."""
    site = live_server.url
    heard = {"backchannel_logout_uri": f"{site}/backchannel/"}
    clients = [
        client(site, backchannel_logout_session_required=True, **heard),
        client(site, SUBJECT_ONLY, backchannel_logout_session_required=False, **heard),
        client(site, NEVER_TOLD, grant_types=["authorization_code", "refresh_token"]),
    ]
    provider = NodeProvider("oidc-provider", free_port(), tmp_path_factory.mktemp("op"), clients)
    yield provider
    provider.stop()


@pytest.fixture(scope="session")
def front_channel_provider(
    live_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NodeProvider]:
    """The last oidc-provider that knew front-channel logout."""
    site = live_server.url
    more = {
        "frontchannel_logout_uri": f"{site}/frontchannel/",
        "frontchannel_logout_session_required": True,
    }
    heard = {"backchannel_logout_uri": f"{site}/backchannel/"}
    back = client(site, BACK_CHANNEL, backchannel_logout_session_required=True, **heard)
    clients = [client(site, **more), back]
    provider = NodeProvider("oidc-provider-6", free_port(), tmp_path_factory.mktemp("op"), clients)
    yield provider
    provider.stop()


@dataclass
class Site:
    """Our site, as its users and its operators see it."""

    url: str
    provider: NodeProvider
    log_in_with: Callable[[Browser], Any]

    def arrive(self, name: str = "ann") -> Browser:
        """Return a browser whose user has just logged in at the provider, by its pages."""
        browser = Browser(self.url)
        self.log_in(browser, name)
        assert browser.who() == name, browser.text
        return browser

    def log_in(self, browser: Browser, name: str = "ann") -> None:
        """Log in, and where the provider knows the browser, without its form."""
        self.log_in_with(browser)
        if "login" in browser.form()["fields"]:
            browser.submit(login=name, password="any")
        while browser.url.startswith(self.provider.issuer):
            browser.submit("/interaction/")  # Its question whether the site may know the user.
        assert browser.url == f"{self.url}/", browser.text

    def log_out(self, browser: Browser) -> None:
        """Press our button, and yes at the provider."""
        browser.visit("/page/")
        browser.submit("/accounts/logout/")
        if browser.url.startswith(self.provider.issuer):
            browser.submit("/session/end/confirm", button="yes")

    def log_out_at_provider(self, browser: Browser) -> None:
        """Log out by the provider's own page, which knows of no site."""
        browser.visit(f"{self.provider.issuer}/session/end")
        browser.submit("/session/end/confirm", button="yes")
        assert browser.url.startswith(self.provider.issuer), browser.url

    def provider_asks(self, browser: Browser) -> bool:
        """Return whether the provider wants to know who the user is."""
        self.log_in_with(browser)
        return "login" in browser.form()["fields"] if "<form" in browser.text else False

    def configured(self) -> Provider:
        """Return the provider as it is in our settings."""
        return providers.configured()["op"]

    def endings(self) -> list[tuple[str, int]]:
        """Return why sessions have ended, and how many each time."""
        events = LogoutEvent.objects.exclude(sessions=0).order_by("pk")
        return [(str(event.reason), event.sessions) for event in events]

    def open_sessions(self) -> int:
        """Return how many sessions have not ended."""
        return LoginSession.objects.filter(ended_at=None).count()


class Sent:
    """The notices that the provider has sent since this was made."""

    def __init__(self, site: Site) -> None:
        self.site, self.before = site, len(site.provider.tell("sent"))

    def notes(self) -> list[dict[str, Any]]:
        """Return them all."""
        return list(self.site.provider.tell("sent")[self.before :])

    def statuses(self) -> list[int]:
        """Return how the site has answered."""
        return [note["status"] for note in self.notes()]

    def claims(self) -> list[dict[str, Any]]:
        """Return what they say."""
        raw = [parse_qs(note["body"])["logout_token"][0] for note in self.notes()]
        return [jwt.decode(each, options={"verify_signature": False}) for each in raw]


def use_mozilla(browser: Browser) -> None:
    """Log in with mozilla-django-oidc."""
    browser.visit("/oidc/authenticate/?next=/")


def use_allauth(browser: Browser) -> None:
    """Log in with allauth."""
    browser.visit("/allauth/oidc/op/login/?next=/")
    browser.submit("/allauth/oidc/op/login/")


def use_social(browser: Browser) -> None:
    """Log in with social-auth-app-django."""
    browser.visit("/page/")
    browser.submit("/social/login/oidc/")


def use_authlib(browser: Browser) -> None:
    """Log in with Authlib."""
    browser.visit("/authlib/login/")


def use_pyoidc(browser: Browser) -> None:
    """Log in with django-pyoidc."""
    browser.visit("/pyoidc-login")


#: By name: how to log in, and the library's authentication backend. With those of others beside it, mozilla-django-oidc
#: would take their codes for its own.
LIBRARIES: dict[str, tuple[Callable[[Browser], Any], str]] = {
    "mozilla_django_oidc": (use_mozilla, "mozilla_django_oidc.auth.OIDCAuthenticationBackend"),
    "allauth": (use_allauth, "allauth.account.auth_backends.AuthenticationBackend"),
    "social_django": (use_social, "social_core.backends.open_id_connect.OpenIdConnectAuth"),
    "authlib": (use_authlib, BACKEND),
    "django_pyoidc": (use_pyoidc, BACKEND),
}


def configure(settings: Any, site: str, provider: NodeProvider, client_id: str = CLIENT_ID) -> None:
    """Tell the libraries, and us, where the provider is, and who we are there."""
    issuer = provider.issuer
    settings.OIDC_OP_AUTHORIZATION_ENDPOINT = f"{issuer}/auth"
    settings.OIDC_OP_TOKEN_ENDPOINT = f"{issuer}/token"
    settings.OIDC_OP_USER_ENDPOINT = f"{issuer}/me"
    settings.OIDC_OP_JWKS_ENDPOINT = f"{issuer}/jwks"
    settings.OIDC_RP_CLIENT_ID = client_id
    where = {"server_url": issuer, "token_auth_method": "client_secret_post"}
    app = {"provider_id": "op", "name": TITLE, "client_id": client_id, "secret": SECRET}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [{**app, "settings": where}]}}
    settings.SOCIAL_AUTH_OIDC_OIDC_ENDPOINT = issuer
    settings.SOCIAL_AUTH_OIDC_KEY = client_id
    given = {"client_id": client_id, "client_secret": SECRET}
    more = {"scope": "openid email profile", "token_endpoint_auth_method": "client_secret_post"}
    found = {"server_metadata_url": f"{issuer}/.well-known/openid-configuration"}
    settings.AUTHLIB_OAUTH_CLIENTS = {"op": {**given, **found, "client_kwargs": more}}
    pyoidc = {**settings.DJANGO_PYOIDC["op"], **given, "provider_discovery_uri": issuer}
    settings.DJANGO_PYOIDC = {"op": pyoidc}
    OIDCSettingsFactory.get.cache_clear()
    settings.LOGOUT = {
        "PROVIDERS": {
            "op": {
                "ISSUER": issuer,
                "CLIENT_ID": client_id,
                "TITLE": TITLE,
                "ALLOW_PRIVATE": True,
                "POST_LOGOUT_REDIRECT_URI": f"{site}/signed-out/",
            }
        }
    }


@pytest.fixture
def users(transactional_db: None, django_user_model: Any) -> dict[str, Any]:
    """Users whom the provider knows by the same address."""
    found = {}
    for name in ("ann", "bob"):
        user = django_user_model.objects.create_user(name, f"{name}@example.com")
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        found[name] = user
    return found


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest, settings: Any) -> Any:
    """Each way to log in."""
    log_in, backend = LIBRARIES[request.param]
    settings.AUTHENTICATION_BACKENDS = [backend]
    return log_in


@pytest.fixture
def site(
    live_server: Any,
    users: Any,
    settings: Any,
    back_channel_provider: NodeProvider,
    library: Any,
) -> Site:
    """The site with the provider that sends logout tokens."""
    back_channel_provider.start()
    configure(settings, live_server.url, back_channel_provider)
    return Site(live_server.url, back_channel_provider, library)


@pytest.fixture
def old_site(
    live_server: Any,
    users: Any,
    settings: Any,
    front_channel_provider: NodeProvider,
    library: Any,
) -> Site:
    """The site with the provider that shows frames."""
    front_channel_provider.start()
    configure(settings, live_server.url, front_channel_provider)
    return Site(live_server.url, front_channel_provider, library)
