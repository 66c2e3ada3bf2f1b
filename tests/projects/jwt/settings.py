"""Django REST framework with JSON web tokens (djangorestframework-simplejwt), beside the tokens of ``tokens``.

App: JSON web tokens: simplejwt
Packages: djangorestframework-simplejwt
Before: access tokens outlived every logout.
Verdict: write what [JSON web tokens](jwt.md) says.
Not reached: services that verify access tokens by themselves.

What matters: ``SIMPLE_JWT`` names our serializers, and refresh tokens are rotated and blacklisted.
"""

from datetime import timedelta

from tests.projects.tokens.settings import *  # noqa: F403
from tests.projects.tokens.settings import AUTH_USER_MODEL, INSTALLED_APPS, REST_FRAMEWORK

SERIALIZERS = "django_logout.contrib.drf.jwt_serializers"

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
]
ROOT_URLCONF = "tests.projects.jwt.urls"
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
if AUTH_USER_MODEL == "users.TextUser":
    # The library's default names a field that this model lacks.
    SIMPLE_JWT["USER_ID_FIELD"] = "pk"
