"""dj-rest-auth, which keeps the JSON web tokens of the project ``jwt`` in cookies.

App: dj-rest-auth
Packages: dj-rest-auth
Before: its logout left access tokens valid, and one login took two places at ``MAX_SESSIONS``.
Verdict: write what [JSON web tokens](jwt.md) says, and this before the library's URLs.
Write:
    path("auth/logout/", django_logout.contrib.drf.dj_rest_auth_views.LogoutView.as_view())
Not reached: nothing.

What matters: ``REST_AUTH`` names the cookies and their attributes, and our class authenticates by them.
"""

from tests.projects.jwt.settings import *  # noqa: F403
from tests.projects.jwt.settings import INSTALLED_APPS, REST_FRAMEWORK, SERIALIZERS

INSTALLED_APPS = [*INSTALLED_APPS, "dj_rest_auth"]
ROOT_URLCONF = "tests.projects.rest_auth.urls"
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
