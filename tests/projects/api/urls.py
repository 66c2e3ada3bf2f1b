"""The endpoints in both frameworks, beside the URLs of ``jwt``."""

from typing import Any

from django.http import HttpRequest
from django.urls import include, path
from ninja import NinjaAPI
from ninja.security import APIKeyQuery, HttpBearer, django_auth
from rest_framework.authtoken.models import Token

from django_logout.contrib.ninja import logout_router
from tests.projects.jwt.urls import urlpatterns as ours


class ByRow(HttpBearer):
    """Authenticate by the row of the token."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return Token.objects.select_related("user").filter(key=token).first()


class ByUser(HttpBearer):
    """Return the user only, as many projects do, so the token is unknown."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        found = Token.objects.select_related("user").filter(key=token.removeprefix("user-")).first()
        return found.user if found and token.startswith("user-") else None


class ByKey(APIKeyQuery):
    """Take a key from the URL, and set its user on the request, as many projects do."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        found = Token.objects.select_related("user").filter(key=key).first()
        if found is not None:
            request.user = found.user
        return found and found.user


class ByService(HttpBearer):
    """Authenticate another service, which is no user."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return token if token == "service" else None


ninja = NinjaAPI()
ninja.add_router("", logout_router([django_auth, ByRow(), ByUser(), ByService()]))
keyed = NinjaAPI(urls_namespace="keyed")
keyed.add_router("", logout_router([ByKey(), django_auth]))

urlpatterns = [
    path("drf/", include("django_logout.contrib.drf.urls")),
    path("ninja/", ninja.urls),
    path("keyed/", keyed.urls),
    *ours,
]
