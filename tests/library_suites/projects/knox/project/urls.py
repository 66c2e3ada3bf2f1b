"""The library's own URLs, with a login by name and password, and a view for users only."""

from typing import Any

from django.urls import include, path
from knox import views as knox
from knox.auth import TokenAuthentication
from rest_framework.authentication import BasicAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView


class LoginView(knox.LoginView):
    authentication_classes = (BasicAuthentication,)


class RootView(APIView):
    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request: Any) -> Response:
        return Response("for users")

    post = get


urlpatterns = [
    path("login/", LoginView.as_view(), name="knox_login"),
    path("", RootView.as_view(), name="api-root"),
    path("", include("knox.urls")),
]
