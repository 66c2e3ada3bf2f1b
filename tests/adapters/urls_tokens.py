"""The test project's URLs, and an API that tells who is let in."""

from typing import Any

from django.urls import path
from rest_framework.authtoken.models import Token
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.urls import urlpatterns as ours


class WhoView(APIView):
    """Who is let in."""

    permission_classes = (IsAuthenticated,)

    def get(self, request: Any) -> Response:
        return Response({"user": request.user.get_username()})


class TokenView(APIView):
    """Gives a user of the site a token for a program, as sites do it in their profile."""

    permission_classes = (IsAuthenticated,)

    def post(self, request: Any) -> Response:
        token, _ = Token.objects.get_or_create(user=request.user)
        return Response({"token": token.key})


urlpatterns = [
    path("api/who/", WhoView.as_view()),
    path("api/token/", obtain_auth_token),
    path("api/my-token/", TokenView.as_view()),
    *ours,
]
