"""The test project's URLs, and allauth's."""

from django.urls import include, path

from tests.urls import urlpatterns

urlpatterns = [path("allauth/", include("allauth.urls")), *urlpatterns]
