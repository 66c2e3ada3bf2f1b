"""The test project with apps whose tokens let users in, beside the session."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

# Of its own, where there is a server.
DATABASES["default"]["NAME"] = os.environ.get("FAULTS_DATABASE", DATABASES["default"]["NAME"])

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "rest_framework",
    "rest_framework.authtoken",
    "knox",
    "oauth2_provider",
]
ROOT_URLCONF = "tests.adapters.urls_tokens"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.TokenAuthentication",
    ]
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Knox"}  # "Token" is that of rest_framework.authtoken
OAUTH2_PROVIDER = {
    "SCOPES": {"read": "See", "openid": "Who you are", "offline_access": "Also without you"},
    "DEFAULT_SCOPES": ["read"],
    "PKCE_REQUIRED": False,
    "OIDC_ENABLED": True,
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "ALWAYS_RELOAD_OAUTHLIB_CORE": True,  # tests change the settings
}
