"""The site that is measured; every contender has the same pages."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def page(request: HttpRequest) -> HttpResponse:
    """Show the user."""
    return HttpResponse(f"user={request.user.get_username()}")


class OneMoreRead:
    """Read the cache once more where the session is used: the least that a check of it can cost."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request)
        if request.session.accessed:
            cache.get_many(("mark", "seen", "everyone"))
        return response


def quiet(request: HttpRequest) -> HttpResponse:
    """Read neither session nor user."""
    return HttpResponse("quiet")


homes = {"django_logout": "django_logout.urls", "allauth": "allauth.urls"}
urlpatterns: list[Any] = [
    path("", quiet),
    path("page/", page),
    *(
        path("accounts/", include(urls))
        for app, urls in homes.items()
        if app in settings.INSTALLED_APPS
    ),
    path("accounts/", include("django.contrib.auth.urls")),
]
