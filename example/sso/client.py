"""Settings of a small site that logs in at the car site. The environment says which: SITE."""

import os

from config.settings import BASE_DIR, SECRET_KEY, TEMPLATES, database_from_url
from sso.sites import FOLDER, PROVIDER, SITES

SITE = next(site for site in SITES if site.name == os.environ["SITE"])
DEBUG, ALLOWED_HOSTS = True, ["*"]
SECRET_KEY = f"{SECRET_KEY} {SITE.name}"
DATABASES = {"default": database_from_url(f"sqlite:///{FOLDER / f'sso-{SITE.name}.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The sites run on one host, and cookies know no ports.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{SITE.name}_sessionid", f"{SITE.name}_csrftoken"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "mozilla_django_oidc",
    "django_logout",
    "django_logout.federation",
    "sso",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_logout.middleware.LogoutMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        **TEMPLATES[0],
        "DIRS": [],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "sso.views.sites",
            ]
        },
    }
]
ROOT_URLCONF = "sso.client_urls"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
LANGUAGE_CODE = "en"
USE_TZ = True

LOGIN_URL = "oidc_authentication_init"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
AUTHENTICATION_BACKENDS = ["sso.login.ByName"]
OIDC_CALLBACK_CLASS = "django_logout.contrib.mozilla_oidc.CallbackView"
OIDC_RP_CLIENT_ID, OIDC_RP_CLIENT_SECRET = SITE.name, SITE.secret
OIDC_RP_SIGN_ALGO, OIDC_RP_SCOPES, OIDC_USE_PKCE = "RS256", "openid profile", True
OIDC_OP_AUTHORIZATION_ENDPOINT = f"{PROVIDER}/o/authorize/"
OIDC_OP_TOKEN_ENDPOINT = f"{PROVIDER}/o/token/"
OIDC_OP_USER_ENDPOINT = f"{PROVIDER}/o/userinfo/"
OIDC_OP_JWKS_ENDPOINT = f"{PROVIDER}/o/.well-known/jwks.json"
LOGOUT = {
    "PROVIDERS": {
        "cars": {
            "TITLE": "Classic cars",
            "ISSUER": f"{PROVIDER}/o",
            "CLIENT_ID": SITE.name,
            "CLIENT_SECRET": SITE.secret,
            "POST_LOGOUT_REDIRECT_URI": f"{SITE.url}/signed-out/",
            "ALLOW_PRIVATE": True,
        }
    }
}
