"""simplejwt's views, and an API that accepts its tokens, beside the URLs of ``tokens``."""

from typing import Any

from django.contrib.auth import logout, user_logged_out
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.urls import path
from rest_framework.authentication import SessionAuthentication
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt import serializers, views
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import RefreshToken

from django_logout.contrib.drf.jwt import JWTStatelessUserAuthentication
from tests.projects.tokens.urls import WhoView
from tests.projects.tokens.urls import urlpatterns as ours


class StatelessWhoView(WhoView):
    """Return the user that the token names."""

    authentication_classes = (JWTStatelessUserAuthentication,)

    def get(self, request: Any) -> Response:
        return Response({"user": request.user.pk})


class UncheckedWhoView(WhoView):
    """Return the user, authenticated by the library's own class."""

    authentication_classes = (JWTAuthentication,)


class PairView(WhoView):
    """Issue tokens by project code, which names no session in them."""

    def post(self, request: Any) -> Response:
        token = RefreshToken.for_user(request.user)
        return Response({"refresh": str(token), "access": str(token.access_token)})


class LogoutView(WhoView):
    """Call Django's ``logout()`` in an API view."""

    def post(self, request: Any) -> Response:
        logout(request)
        return Response()


class GiveBackView(WhoView):
    """Send Django's signal for a logout, and no more."""

    def post(self, request: Any) -> Response:
        user_logged_out.send(sender=type(request.user), request=request, user=request.user)
        return Response()


class BlacklistView(APIView):
    """Log out as most tutorials do: blacklist the refresh token of the body, and no more."""

    authentication_classes = ()

    def post(self, request: Any) -> Response:
        RefreshToken(request.data["refresh"]).blacklist()
        return Response(status=205)


class StockRefreshView(views.TokenRefreshView):
    """Refresh with the library's own serializer."""

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
    path("jwt/own-logout/", BlacklistView.as_view()),
    path("jwt/atomic-logout/", transaction.atomic(BlacklistView.as_view())),
    path("jwt/give-back/", GiveBackView.as_view()),
    path("password/", PasswordChangeView.as_view(success_url="/")),
    path("api/stateless/", StatelessWhoView.as_view()),
    path("api/unchecked/", UncheckedWhoView.as_view()),
    *ours,
]
