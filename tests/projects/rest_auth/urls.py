"""dj-rest-auth's views, and ours in place of two of them, beside the URLs of ``jwt``."""

from typing import Any

from dj_rest_auth import views
from django.urls import include, path
from rest_framework.response import Response
from rest_framework.views import APIView

from django_logout.contrib.drf.dj_rest_auth_views import LogoutView, RefreshView
from django_logout.contrib.drf.jwt import JWTAuthentication
from tests.projects.jwt.urls import WhoView
from tests.projects.jwt.urls import urlpatterns as ours


class ByOwnCookie(JWTAuthentication):
    """Take the token from a cookie, as tutorials show it."""

    def authenticate(self, request: Any) -> Any:
        raw = request.COOKIES.get("jwt")
        if raw is None:
            return None
        token = self.get_validated_token(raw)
        return self.get_user(token), token


class GreetView(APIView):
    """Greet anyone."""

    authentication_classes = (ByOwnCookie,)

    def get(self, request: Any) -> Response:
        return Response({"user": request.user.get_username()})


urlpatterns = [
    path("auth/logout/", LogoutView.as_view()),
    path("auth/token/refresh/", RefreshView.as_view()),
    path("auth/", include("dj_rest_auth.urls")),
    path("stock/logout/", views.LogoutView.as_view()),
    path("drf/", include("django_logout.contrib.drf.urls")),
    path("own/who/", WhoView.as_view(authentication_classes=[ByOwnCookie])),
    path("own/greet/", GreetView.as_view()),
    *ours,
]
