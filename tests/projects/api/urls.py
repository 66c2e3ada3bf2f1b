"""The endpoints in both frameworks, beside the URLs of ``jwt``."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import include, path
from knox.auth import TokenAuthentication as KnoxAuthentication
from ninja import NinjaAPI
from ninja.security import APIKeyQuery, HttpBearer, django_auth
from ninja.throttling import AuthRateThrottle
from rest_framework.authentication import (
    BaseAuthentication,
    BasicAuthentication,
    TokenAuthentication,
)
from rest_framework.authtoken.models import Token
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from django_logout.contrib.drf import urls as endpoints
from django_logout.contrib.drf.jwt import JWTAuthentication
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
slow = NinjaAPI(urls_namespace="slow", throttle=[AuthRateThrottle("1/d")])
slow.add_router("", logout_router([ByRow()]))


def by_user(request: Any) -> Any:
    """Return the user of the session."""
    return request.user if request.user.is_authenticated else None


def by_truth(request: Any) -> bool:
    """Say that the session has a user."""
    return bool(request.user.is_authenticated)


async def by_user_async(request: Any) -> Any:
    """Return the user of the session, without blocking."""
    user = await request.auser()
    return user if user.is_authenticated else None


async def by_header_async(request: Any) -> Any:
    """Return the row of a token, without blocking."""
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return await Token.objects.select_related("user").filter(key=key).afirst()


class ByRowAsync(HttpBearer):
    """Authenticate by the row of the token, without blocking."""

    async def authenticate(self, request: HttpRequest, token: str) -> Any:
        return await Token.objects.select_related("user").filter(key=token).afirst()


class ByPayload(HttpBearer):
    """Set the user, and return what the token says."""

    def authenticate(self, request: Any, token: str) -> Any:
        found = Token.objects.select_related("user").filter(key=token).first()
        if found is not None:
            request.user = found.user
        return found and {"sub": str(found.user_id)}


def by_address(request: Any) -> str:
    """Accept a machine, whether or not a user is logged in."""
    return str(request.META["REMOTE_ADDR"])


#: Ways of authentication in django-ninja, by the name of their API.
WAYS: dict[str, Any] = {
    "by_user": by_user,
    "by_truth": by_truth,
    "by_user_async": by_user_async,
    "by_header_async": by_header_async,
    "by_row_async": ByRowAsync(),
    "by_payload": ByPayload(),
    "by_address": by_address,
}


class BySession(BaseAuthentication):
    """Authenticate by the session, in a class of the project's own, which does not check CSRF."""

    def authenticate(self, request: Any) -> Any:
        user = request._request.user
        return (user, None) if user.is_authenticated else None

    def authenticate_header(self, request: Any) -> str:
        return "Session"


class PasswordView(APIView):
    """Change the password of a token's user."""

    authentication_classes = (TokenAuthentication, JWTAuthentication, KnoxAuthentication)
    permission_classes = (IsAuthenticated,)

    def post(self, request: Any) -> Response:
        request.user.set_password("new")
        request.user.save()
        return Response()


ninja_password = NinjaAPI(urls_namespace="password")


@ninja_password.post("/", auth=ByRow())
def change_password(request: Any) -> None:
    """Change the password of the token's user, whom the framework does not put into ``user``."""
    user = request.auth.user
    user.set_password("new")
    user.save()


def ninja_patterns() -> Iterator[Any]:
    """Yield the endpoints with each way."""
    for name, way in WAYS.items():
        api = NinjaAPI(urls_namespace=name)
        api.add_router("", logout_router([way]))
        yield path(f"{name}/", api.urls)


def drf_patterns(way: type[BaseAuthentication]) -> Iterator[Any]:
    """Yield the endpoints with one class."""
    for pattern in endpoints.urlpatterns:
        view = pattern.callback.cls.as_view(authentication_classes=[way])
        yield path(str(pattern.pattern), view)


urlpatterns = [
    path("drf/", include("django_logout.contrib.drf.urls")),
    path("ninja/", ninja.urls),
    path("keyed/", keyed.urls),
    path("slow/", slow.urls),
    path("own-password/", PasswordView.as_view()),
    path("own-password/ninja/", ninja_password.urls),
    path("own_class/", include(list(drf_patterns(BySession)))),
    path("basic/", include(list(drf_patterns(BasicAuthentication)))),
    *ninja_patterns(),
    *ours,
]
