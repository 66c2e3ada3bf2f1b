"""The test site without the admin."""

from django.urls import include, path

from tests.views import home

urlpatterns = [
    path("", home),
    path("accounts/", include("django_logout.urls")),
]
