"""The site of ``bench.forged``: one view that logs a user in through the provider."""

import os
from typing import Any

from django.http import HttpResponse
from django.urls import include, path

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_logout.federation"]
ROOT_URLCONF = "bench.forged_settings"
LOGGING_CONFIG = None
LOGOUT = {
    "PROVIDERS": {
        "op": {
            "ISSUER": os.environ["FORGED_ISSUER"],
            "CLIENT_ID": "cars",
            "ALLOW_PRIVATE": True,
            "POST_LOGOUT_REDIRECT_URI": "https://cars.example/signed-out/",
        }
    }
}


def log_in(request: Any) -> HttpResponse:
    """Log a user in, as the callback of a library does."""
    from django.contrib.auth import get_user_model, login

    from django_logout.federation import links

    user, _ = get_user_model().objects.get_or_create(username="ann")
    login(request, user, "django.contrib.auth.backends.ModelBackend")
    links.record(request, "op", subject="1", sid=request.GET["sid"])
    return HttpResponse("in")


def quiet(request: Any) -> HttpResponse:
    """Answer."""
    return HttpResponse("quiet")


urlpatterns = [
    path("log-in/", log_in),
    path("quiet/", quiet),
    path("", include("django_logout.federation.urls")),
]
