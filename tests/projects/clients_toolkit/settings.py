"""django-oauth-toolkit and django_logout.federation: this site is a provider, and tells its applications of logouts.

Part of: oauth_toolkit
What matters: one line names the validator. Logouts are delivered when a test says so.
"""

from tests.projects.issuing import PRIVATE_KEY
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "oauth2_provider", "django_logout.federation"]
ROOT_URLCONF = "tests.projects.clients_toolkit.urls"
OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "django_logout.contrib.oauth_toolkit.Validator",
    "SCOPES": {"read": "See", "openid": "Who you are", "offline_access": "Also without you"},
    "DEFAULT_SCOPES": ["openid"],
    "PKCE_REQUIRED": False,
    "OIDC_ENABLED": True,
    "OIDC_RSA_PRIVATE_KEY": PRIVATE_KEY,
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "ALWAYS_RELOAD_OAUTHLIB_CORE": True,  # Tests change these settings.
}
LOGOUT = {"DELIVERY": "command", "CLIENT_NETWORKS": ["127.0.0.0/8"]}
