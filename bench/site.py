"""The site that is measured: the same few pages for every contender."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def page(request: HttpRequest) -> HttpResponse:
    """Of a site that knows its users."""
    return HttpResponse(f"user={request.user.get_username()}")


class OneMoreRead:
    """What the least costs that can be asked of a cache: one more read where the session is used."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request)
        if request.session.accessed:
            cache.get_many(("mark", "seen", "everyone"))
        return response


def quiet(request: HttpRequest) -> HttpResponse:
    """Of one that does not ask."""
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
