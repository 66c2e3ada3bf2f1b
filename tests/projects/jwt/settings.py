"""The test project with an API whose clients come with JSON web tokens (simplejwt)."""

import os
from datetime import timedelta

from tests.adapters.settings_tokens import *  # noqa: F403
from tests.adapters.settings_tokens import AUTH_USER_MODEL, INSTALLED_APPS, REST_FRAMEWORK

SERIALIZERS = "django_logout.contrib.drf.jwt_serializers"

INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework_simplejwt"]
if not os.environ.get("JWT_UNLISTED"):
    INSTALLED_APPS += ["rest_framework_simplejwt.token_blacklist"]
ROOT_URLCONF = "tests.adapters.urls_jwt"
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_AUTHENTICATION_CLASSES": ["django_logout.contrib.drf.jwt.JWTAuthentication"],
}
SIMPLE_JWT = {
    "TOKEN_OBTAIN_SERIALIZER": f"{SERIALIZERS}.TokenObtainPairSerializer",
    "TOKEN_REFRESH_SERIALIZER": f"{SERIALIZERS}.TokenRefreshSerializer",
    "TOKEN_BLACKLIST_SERIALIZER": f"{SERIALIZERS}.TokenBlacklistSerializer",
    "SLIDING_TOKEN_OBTAIN_SERIALIZER": f"{SERIALIZERS}.TokenObtainSlidingSerializer",
    "SLIDING_TOKEN_REFRESH_SERIALIZER": f"{SERIALIZERS}.TokenRefreshSlidingSerializer",
    "AUTH_TOKEN_CLASSES": (
        "rest_framework_simplejwt.tokens.AccessToken",
        "rest_framework_simplejwt.tokens.SlidingToken",
    ),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=1),
    "SIGNING_KEY": "not a secret either, but as long as HMAC with SHA-256 wants",
}
if AUTH_USER_MODEL == "users.TextUser":  # has no id, which is what the library looks for
    SIMPLE_JWT["USER_ID_FIELD"] = "pk"
