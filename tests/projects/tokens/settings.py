"""Opaque tokens of three libraries beside the session: REST framework's, django-rest-knox's, django-oauth-toolkit's.

App: Tokens of REST framework and Knox
Packages: djangorestframework, django-rest-knox
Before: nothing ended these tokens.
Verdict: works as it is.
Not reached: tokens without a session, when one browser logs out; they end with everywhere.

What matters: ``OAUTH2_PROVIDER`` turns OpenID Connect on, and Knox has a header prefix of its own.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "rest_framework",
    "rest_framework.authtoken",
    "knox",
    "oauth2_provider",
]
ROOT_URLCONF = "tests.projects.tokens.urls"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.TokenAuthentication",
    ]
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Knox"}  # "Token" belongs to rest_framework.authtoken.
OAUTH2_PROVIDER = {
    "SCOPES": {"read": "See", "openid": "Who you are", "offline_access": "Also without you"},
    "DEFAULT_SCOPES": ["read"],
    "PKCE_REQUIRED": False,
    "OIDC_ENABLED": True,
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "ALWAYS_RELOAD_OAUTHLIB_CORE": True,  # Tests change these settings.
}
