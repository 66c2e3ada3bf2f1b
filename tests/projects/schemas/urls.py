"""Views with each of our classes, beside the URLs of ``rest_auth``."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from ninja import NinjaAPI
from ninja.security import django_auth
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from django_logout.contrib.drf.jwt import JWTAuthentication, JWTStatelessUserAuthentication
from django_logout.contrib.drf.schema import SessionsSerializer
from django_logout.contrib.drf.views import SessionsView
from django_logout.contrib.ninja import logout_router
from tests.projects.rest_auth.urls import urlpatterns as ours


class WhoView(APIView):
    """Return the user."""

    permission_classes = (IsAuthenticated,)
    serializer_class = SessionsSerializer

    def get(self, request: Any) -> Response:
        return Response({})


class ByOwnClass(JWTAuthentication):
    """Authenticate like this package, in a class of the project."""


@extend_schema(operation_id="mySessions")
class MySessionsView(SessionsView):
    """Describe our view by a decorator of drf-spectacular."""


ninja = NinjaAPI(urls_namespace="schemas")
ninja.add_router("", logout_router([django_auth]))

urlpatterns = [
    path("who/bearer/", WhoView.as_view(authentication_classes=[JWTAuthentication])),
    path("who/own/", WhoView.as_view(authentication_classes=[ByOwnClass])),
    path(
        "who/stateless/", WhoView.as_view(authentication_classes=[JWTStatelessUserAuthentication])
    ),
    path("who/cookie/", WhoView.as_view()),
    path("mine/", MySessionsView.as_view()),
    path("ninja/", ninja.urls),
    *ours,
]
