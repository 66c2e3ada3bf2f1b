"""The URLs of ``mfa``, to which the installed apps add theirs."""

from django.urls import include, path

from tests.projects.mfa.urls import urlpatterns as mfa
from tests.projects.relying_party import urlpatterns as federation

urlpatterns = [
    path("_allauth/", include("django_logout.contrib.headless_urls")),
    path("_allauth/", include("allauth.headless.urls")),
    *federation,
    *mfa,
]
