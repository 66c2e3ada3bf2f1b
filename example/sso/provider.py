"""Settings of the car site as a provider: people log in here for the other sites, too."""

import os

from config.settings import *
from config.settings import INSTALLED_APPS, LOGOUT, SECURE_CSP, database_from_url
from sso.sites import CARS, COMPANY, FOLDER, HAS_COMPANY, PROVIDER, SITES

DATABASES = {"default": database_from_url(f"sqlite:///{FOLDER / 'sso-provider.sqlite3'}")}
INSTALLED_APPS = [*INSTALLED_APPS, "oauth2_provider", "django_logout.federation", "sso"]
ROOT_URLCONF = "sso.provider_urls"
# Browsers apply it to where a form is redirected to as well.
SECURE_CSP = {**SECURE_CSP, "form-action": ["'self'", *(site.url for site in SITES)]}

OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": f"{PROVIDER}/o",
    "OIDC_RSA_PRIVATE_KEY": os.environ.get("SSO_KEY", ""),
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": False,
    "OAUTH2_VALIDATOR_CLASS": "sso.validator.Validator",
    "SCOPES": {"openid": "Who you are", "profile": "Your name"},
}
LOGOUT = {
    **LOGOUT,
    "CLIENTS": {
        site.name: {"BACKCHANNEL_LOGOUT_URI": f"{site.url}/backchannel/", "SESSION_REQUIRED": True}
        for site in SITES
    },
    "WAIT_FOR_CLIENTS": 1.5,
}

# The site is also an application of another provider, whose logouts it passes on.
if HAS_COMPANY:
    INSTALLED_APPS += ["mozilla_django_oidc"]
    AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "sso.login.AtCompany"]
    SECURE_CSP["form-action"].append(COMPANY.url)
    OIDC_CALLBACK_CLASS = "django_logout.contrib.mozilla_oidc.CallbackView"
    OIDC_RP_CLIENT_ID, OIDC_RP_CLIENT_SECRET = CARS.name, CARS.secret
    OIDC_RP_SIGN_ALGO, OIDC_RP_SCOPES, OIDC_USE_PKCE = "RS256", "openid profile", True
    OIDC_OP_AUTHORIZATION_ENDPOINT = f"{COMPANY.url}/auth"
    OIDC_OP_TOKEN_ENDPOINT = f"{COMPANY.url}/token"
    OIDC_OP_USER_ENDPOINT = f"{COMPANY.url}/me"
    OIDC_OP_JWKS_ENDPOINT = f"{COMPANY.url}/jwks"
    LOGOUT["PROVIDERS"] = {
        "company": {
            "TITLE": COMPANY.title,
            "ISSUER": COMPANY.url,
            "CLIENT_ID": CARS.name,
            "CLIENT_SECRET": CARS.secret,
            "POST_LOGOUT_REDIRECT_URI": f"{PROVIDER}/signed-out/",
            "ALLOW_PRIVATE": True,
        }
    }
