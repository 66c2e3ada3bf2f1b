"""allauth's API for apps, and views that accept its tokens, beside the URLs of ``mfa``."""

from collections.abc import Iterator
from typing import Any

from allauth.headless.contrib.ninja.security import x_session_token_auth
from allauth.headless.contrib.rest_framework import authentication as theirs
from allauth.headless.internal.decorators import app_view
from django.contrib.auth import logout
from django.http import JsonResponse
from django.urls import include, path
from ninja import NinjaAPI
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from django_logout.contrib.drf import urls as drf_urls
from django_logout.contrib.drf.headless import JWTTokenAuthentication
from django_logout.contrib.ninja import logout_router
from django_logout.contrib.ninja_headless import JWTTokenAuth
from django_logout.federation import links
from tests.projects.mfa.urls import urlpatterns as ours
from tests.races import stop_points, views


class WhoView(APIView):
    """Return the user; POST logs out with Django's ``logout()``."""

    permission_classes = (IsAuthenticated,)

    def get(self, request: Any) -> Response:
        return Response({"user": request.user.get_username()})

    def post(self, request: Any) -> Response:
        logout(request)
        return Response({})


class PasswordView(APIView):
    """Change the user's password, in a view of the project's own."""

    authentication_classes = (theirs.XSessionTokenAuthentication, JWTTokenAuthentication)
    permission_classes = (IsAuthenticated,)

    def post(self, request: Any) -> Response:
        request.user.set_password("new")
        request.user.save()
        return Response()


#: The keys that ``rotate`` has given to sessions.
KEYS: list[str] = []


def rotate(request: Any) -> JsonResponse:
    """Give the session a new key."""
    request.user.get_username()
    stop_points.stop("view")
    request.session.cycle_key()
    KEYS.append(request.session.session_key)
    return JsonResponse({"key": KEYS[-1]})


def link(request: Any) -> JsonResponse:
    """Link the session to its provider, as the login there does."""
    links.record(request, "op", subject="1", sid="A")
    return JsonResponse({})


def api(kind: Any) -> Any:
    """Return the view with one way to authenticate."""
    return WhoView.as_view(authentication_classes=[kind])


ninja = NinjaAPI()


@ninja.get("/who/", auth=JWTTokenAuth())
def who(request: Any) -> dict[str, str]:
    """Return the user."""
    return {"user": request.user.get_username()}


def endpoints() -> Iterator[Any]:
    """Yield our endpoints with each way in which an app presents itself."""
    by_session, by_jwt = theirs.XSessionTokenAuthentication, JWTTokenAuthentication
    for name, kind in {"drf-session": by_session, "drf-jwt": by_jwt}.items():
        for pattern in drf_urls.urlpatterns:
            view = pattern.callback.cls.as_view(authentication_classes=[kind])
            yield path(f"{name}/{pattern.pattern}", view)
    for name, way in {"ninja-session": x_session_token_auth, "ninja-jwt": JWTTokenAuth()}.items():
        api = NinjaAPI(urls_namespace=name)
        api.add_router("", logout_router([way]))
        yield path(f"{name}/", api.urls)


urlpatterns = [
    *endpoints(),
    path("api/ninja/", ninja.urls),
    path("_allauth/", include("django_logout.contrib.headless_urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("", include("django_logout.federation.urls")),
    path("app/link/", app_view(link)),
    path("browser/link/", link),
    path("api/password/", PasswordView.as_view()),
    path("api/by-session/", api(theirs.XSessionTokenAuthentication)),
    path("api/by-jwt/", api(JWTTokenAuthentication)),
    path("api/unchecked/", api(theirs.JWTTokenAuthentication)),
    # The site's own views for apps, which tests can stop.
    path("app/write/", app_view(views.write)),
    path("app/rotate/", app_view(rotate)),
    *ours,
]
