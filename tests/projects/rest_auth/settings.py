"""The JWT project with dj-rest-auth, whose tokens are in cookies."""

from tests.adapters.settings_jwt import *  # noqa: F403
from tests.adapters.settings_jwt import INSTALLED_APPS, REST_FRAMEWORK, SERIALIZERS

INSTALLED_APPS = [*INSTALLED_APPS, "dj_rest_auth"]
ROOT_URLCONF = "tests.adapters.urls_rest_auth"
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "django_logout.contrib.drf.dj_rest_auth.JWTCookieAuthentication",
        "rest_framework.authentication.TokenAuthentication",
    ],
}
REST_AUTH = {
    "USE_JWT": True,
    "JWT_AUTH_COOKIE": "access",
    "JWT_AUTH_REFRESH_COOKIE": "refresh",
    "JWT_AUTH_REFRESH_COOKIE_PATH": "/auth/",
    "JWT_AUTH_COOKIE_DOMAIN": "testserver",
    "JWT_AUTH_SAMESITE": "Strict",
    "JWT_AUTH_SECURE": True,
    "JWT_TOKEN_CLAIMS_SERIALIZER": f"{SERIALIZERS}.TokenObtainPairSerializer",
}
