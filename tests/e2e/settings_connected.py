"""Settings of the car site with all around it: a provider where users log in, applications that log in
here, tokens and API keys."""

from tests.e2e.settings_by_host import *  # noqa: F403
from tests.e2e.settings_by_host import INSTALLED_APPS
from tests.projects.issuing import PRIVATE_KEY

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "oauth2_provider",
    "rest_framework",
    "rest_framework.authtoken",
    "django_logout.federation",
]
ROOT_URLCONF = "tests.e2e.urls_connected"
OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "django_logout.contrib.oauth_toolkit.Validator",
    "SCOPES": {"openid": "Who you are"},
    "OIDC_ENABLED": True,
    "OIDC_RSA_PRIVATE_KEY": PRIVATE_KEY,
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
}
#: The state of each application's delivery, by the application's name.
APPLICATIONS = {"Spare parts": "heard", "Rally club": "waiting", "Workshop": "failed"}
_PROVIDER = {
    "ISSUER": "https://id.example",
    "CLIENT_ID": "cars",
    "END_SESSION_ENDPOINT": "https://id.example/logout",
}
LOGOUT = {
    "DELIVERY": "command",
    "EXEMPT_CREDENTIALS": ["drf_token"],
    "CLIENTS": {
        name: {"BACKCHANNEL_LOGOUT_URI": "https://app.example/", "SESSION_REQUIRED": True}
        for name in APPLICATIONS
    },
    "PROVIDERS": {
        "choice": _PROVIDER | {"TITLE": "Keycloak", "CHOICE": True},
        "form": _PROVIDER | {"TITLE": "Keycloak", "LOGOUT_METHOD": "post"},
    },
}
