"""The token project's URLs, with simplejwt's own views, and an API on top of them."""

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.views import PasswordChangeView
from django.urls import path
from rest_framework.authentication import SessionAuthentication
from rest_framework.response import Response
from rest_framework_simplejwt import serializers, views
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import RefreshToken

from django_logout.contrib.drf.jwt import JWTStatelessUserAuthentication
from tests.projects.tokens.urls import WhoView
from tests.projects.tokens.urls import urlpatterns as ours


class StatelessWhoView(WhoView):
    """Who is let in, as the token says."""

    authentication_classes = (JWTStatelessUserAuthentication,)

    def get(self, request: Any) -> Response:
        return Response({"user": request.user.pk})


class UncheckedWhoView(WhoView):
    """Who is let in by the library alone."""

    authentication_classes = (JWTAuthentication,)


class PairView(WhoView):
    """Issues tokens by code of the project's own: they are of no login that is known."""

    def post(self, request: Any) -> Response:
        token = RefreshToken.for_user(request.user)
        return Response({"refresh": str(token), "access": str(token.access_token)})


class LogoutView(WhoView):
    """Django's own ``logout()``, called by an API, as others do it."""

    def post(self, request: Any) -> Response:
        logout(request)
        return Response()


class StockRefreshView(views.TokenRefreshView):
    """A refresh that knows nothing of us."""

    serializer_class = serializers.TokenRefreshSerializer


urlpatterns = [
    path("jwt/", views.token_obtain_pair),
    path("jwt/refresh/", views.token_refresh),
    path("jwt/stock-refresh/", StockRefreshView.as_view()),
    path("jwt/blacklist/", views.token_blacklist),
    path("jwt/sliding/", views.token_obtain_sliding),
    path("jwt/sliding/refresh/", views.token_refresh_sliding),
    path("jwt/verify/", views.token_verify),
    path("jwt/in-browser/", PairView.as_view(authentication_classes=[SessionAuthentication])),
    path("jwt/more/", PairView.as_view()),
    path("jwt/logout/", LogoutView.as_view()),
    path("password/", PasswordChangeView.as_view(success_url="/")),
    path("api/stateless/", StatelessWhoView.as_view()),
    path("api/unchecked/", UncheckedWhoView.as_view()),
    *ours,
]
