"""Describe this package's classes to drf-spectacular as it describes those of the libraries.

drf-spectacular knows the classes of the libraries by their names. The subclasses of a project are
described like this package's classes, unless an extension of the project describes them.
"""

from drf_spectacular.contrib import rest_auth
from drf_spectacular.contrib import rest_framework_simplejwt as simplejwt

OURS = "django_logout.contrib.drf"


class JWTScheme(simplejwt.SimpleJWTScheme):
    """A bearer token."""

    target_class = f"{OURS}.jwt.SessionCheckMixin"
    match_subclasses = True
    priority = -2
    optional = True


class JWTCookieScheme(rest_auth.SimpleJWTCookieScheme):
    """A token in the header or in a cookie."""

    target_class = f"{OURS}.dj_rest_auth.JWTCookieAuthentication"
    match_subclasses = True
    priority = -1


class TokenObtainPair(simplejwt.TokenObtainPairSerializerExtension):
    """Credentials, and the pair of tokens."""

    target_class = f"{OURS}.jwt_serializers.TokenObtainPairSerializer"
    match_subclasses = True
    priority = -1
    optional = True


class TokenObtainSliding(simplejwt.TokenObtainSlidingSerializerExtension):
    """Credentials, and the token."""

    target_class = f"{OURS}.jwt_serializers.TokenObtainSlidingSerializer"
    match_subclasses = True
    priority = -1
    optional = True


class TokenRefresh(simplejwt.TokenRefreshSerializerExtension):
    """A refresh token, and the new tokens."""

    target_class = f"{OURS}.jwt_serializers.TokenRefreshSerializer"
    match_subclasses = True
    priority = -2
    optional = True


class CookieTokenRefresh(rest_auth.CookieTokenRefreshSerializerExtension):
    """The same with the refresh token in a cookie."""

    target_class = f"{OURS}.dj_rest_auth_views.CookieTokenRefreshSerializer"
    match_subclasses = True
    priority = -1


class LogoutView(rest_auth.RestAuthLogoutView):
    """The view in place of dj-rest-auth's ``logout/``."""

    target_class = f"{OURS}.dj_rest_auth_views.LogoutView"
    match_subclasses = True
    priority = -1
    optional = True
