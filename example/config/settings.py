"""Settings of the car site. It runs as it is; the environment switches real parts in:

DATABASE_URL    sqlite:////folder/file   postgres://user:password@host/name   mysql://…
CACHE_URL       locmem://   redis://host:6379/0   memcached://host:11211
SESSION_ENGINE  db   cached_db   cache   file   signed_cookies   (or a dotted path)
MAX_SESSIONS    a number; whoever logs in beyond it chooses which of their sessions end
IDLE_TIMEOUT    seconds until a session ends in which nothing is done; the page warns before
RECIPE          a folder of recipes/, in whose look the pages of the package appear: that of this site,
                cars, unless another is named; empty for the package's own
SECRET_KEY, DEBUG (1 or 0), ALLOWED_HOSTS (with commas)
"""

import os
from pathlib import Path
from typing import Any

import django
from django.utils.translation import gettext_lazy as _

from config import recipes
from config.backends import cache_from_url, database_from_url

BASE_DIR = Path(__file__).resolve().parent.parent
ENGINES = {"db", "cached_db", "cache", "file", "signed_cookies"}

SECRET_KEY = os.environ.get("SECRET_KEY", "for the demo only: set SECRET_KEY on a real server")
DEBUG = os.environ.get("DEBUG", "1") == "1"
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

DATABASES = {
    "default": database_from_url(
        os.environ.get("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
    )
}
CACHES = {"default": cache_from_url(os.environ.get("CACHE_URL", "locmem://"))}
SESSION_ENGINE = os.environ.get("SESSION_ENGINE", "db")
if SESSION_ENGINE in ENGINES:
    SESSION_ENGINE = f"django.contrib.sessions.backends.{SESSION_ENGINE}"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "config.apps.CarSiteAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_logout",
    "accounts",
    "cars",
]
# What Django puts its nonce in place of: ``django.utils.csp.CSP.NONCE``.
CSP_PROCESSOR = "django.template.context_processors" if django.VERSION >= (6, 0) else "config.csp"
NONCE = "<CSP_NONCE_SENTINEL>"
CSP_HOME = "django.middleware.csp" if django.VERSION >= (6, 0) else "config.csp"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    f"{CSP_HOME}.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_logout.middleware.LogoutMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SECURE_CSP = {
    "default-src": ["'self'"],
    "script-src": ["'self'", NONCE],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cars.cart.cart",
                f"{CSP_PROCESSOR}.csp",
            ]
        },
    }
]
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]

# A recipe comes before the templates of the package, and brings what its own templates need.
if RECIPE := os.environ.get("RECIPE", "cars"):
    RECIPES = BASE_DIR / "recipes"
    TEMPLATES[0]["DIRS"].insert(0, RECIPES / RECIPE / "templates")
    STATICFILES_DIRS += recipes.static_files(RECIPES / RECIPE)
    if RECIPE in {"bootstrap", "pico"}:  # there are small pictures in their stylesheets
        SECURE_CSP["img-src"] = ["'self'", "data:"]
    if RECIPE == "allauth":
        INSTALLED_APPS += ["allauth", "allauth.account"]
        MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "cars_list"
LOGOUT: dict[str, Any] = {}
if limit := os.environ.get("MAX_SESSIONS"):
    LOGOUT |= {"MAX_SESSIONS": int(limit), "ON_MAX_SESSIONS": "ask"}
if idle := os.environ.get("IDLE_TIMEOUT"):
    LOGOUT |= {"IDLE_TIMEOUT": int(idle)}

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("de", _("German")),
    ("es", _("Spanish")),
    ("fr", _("French")),
    ("pt-br", _("Brazilian Portuguese")),
    ("ar", _("Arabic")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
