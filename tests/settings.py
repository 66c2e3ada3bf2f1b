"""Settings of the test project; the environment chooses engine, database, cache and user model."""

import os
from pathlib import Path

from tests.backends import cache_from_url, database_from_url

BASE = Path(__file__).resolve().parent
ENGINES = {
    name: f"django.contrib.sessions.backends.{name}"
    for name in ("db", "cached_db", "cache", "file", "signed_cookies")
}

SECRET_KEY = "not a secret: these are tests"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "tests.urls"
STATIC_URL = "static/"

DATABASES = {"default": database_from_url(os.environ.get("DATABASE_URL", "sqlite://"))}
CACHES = {"default": cache_from_url(os.environ.get("CACHE_URL", "locmem://"))}
_engine = os.environ.get("SESSION_ENGINE", "db")
SESSION_ENGINE = ENGINES.get(_engine, _engine)
AUTH_USER_MODEL = os.environ.get("USER_MODEL", "auth.User")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_logout",
    "tests.users",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_logout.middleware.LogoutMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
# Without it, Django 6.1 and later warn. The tests' own backend is put in its place.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}}
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
