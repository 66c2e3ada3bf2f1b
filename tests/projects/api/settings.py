"""The test project with our API for token clients, in REST framework and in django-ninja."""

from tests.adapters.settings_jwt import *  # noqa: F403
from tests.adapters.settings_jwt import REST_FRAMEWORK

ROOT_URLCONF = "tests.adapters.urls_api"
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.TokenAuthentication",
        "django_logout.contrib.drf.jwt.JWTAuthentication",
        "knox.auth.TokenAuthentication",
    ],
}
