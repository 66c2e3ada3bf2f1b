"""The libraries' views, and an API that accepts their tokens, beside the URLs of the test project."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import logout, user_logged_out
from django.http import HttpResponse
from django.urls import include, path
from django.utils import timezone
from knox import views as knox
from knox.auth import TokenAuthentication as KnoxAuthentication
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from oauth2_provider.models import get_access_token_model
from rest_framework.authentication import (
    BasicAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)
from rest_framework.authtoken.models import Token
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from django_logout.revokers.runner import presented
from tests.urls import urlpatterns as ours


class WhoView(APIView):
    """Return the user, and the credential that authenticated the request."""

    permission_classes = (IsAuthenticated,)

    def get(self, request: Any) -> Response:
        return Response({"user": request.user.get_username(), "credential": presented(request)})


class TokenView(APIView):
    """Give the user a token for a program, as sites do it on the profile page."""

    permission_classes = (IsAuthenticated,)

    def post(self, request: Any) -> Response:
        token, _ = Token.objects.get_or_create(user=request.user)
        return Response({"token": token.key})


class TokenLogoutView(APIView):
    """Delete the token and send Django's signal, as djoser does; or call Django's ``logout()``."""

    authentication_classes = (TokenAuthentication,)
    with_session = False

    def post(self, request: Any) -> Response:
        request.auth.delete()
        if self.with_session:
            logout(request)
        else:
            user_logged_out.send(sender=type(request.user), request=request, user=request.user)
        return Response()


def make(request: Any) -> HttpResponse:
    """Make an access token on a page of the site's own."""
    expires = timezone.now() + timedelta(hours=1)
    get_access_token_model().objects.create(token=str(request.FILES), expires=expires)
    return HttpResponse()


class KnoxLoginView(knox.LoginView):
    """Log in for a token, with a password or with a session."""

    authentication_classes = (BasicAuthentication, SessionAuthentication)


urlpatterns = [
    path("api/who/", WhoView.as_view()),
    path("api/knox/", WhoView.as_view(authentication_classes=[KnoxAuthentication])),
    path("api/knox/login/", KnoxLoginView.as_view()),
    path("api/knox/logout/", knox.LogoutView.as_view()),
    path("api/knox/logout-all/", knox.LogoutAllView.as_view()),
    path("api/oauth/", WhoView.as_view(authentication_classes=[OAuth2Authentication])),
    path("api/oauth/make/", make),
    path("o/", include("oauth2_provider.urls")),
    path("api/token/", obtain_auth_token),
    path("api/my-token/", TokenView.as_view()),
    path("api/token/logout/", TokenLogoutView.as_view()),
    path("api/token/logout-with-session/", TokenLogoutView.as_view(with_session=True)),
    *ours,
]
