"""URLs of a small site that logs in at the car site."""

from django.contrib.staticfiles.views import serve
from django.urls import include, path

from sso.views import home

urlpatterns = [
    path("", home, name="home"),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("accounts/", include("django_logout.urls")),
    path("", include("django_logout.federation.urls")),
    path("static/<path:path>", serve, {"insecure": True}),
]
