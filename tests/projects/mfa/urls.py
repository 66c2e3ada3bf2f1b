"""The URLs of the test project and of allauth."""

from django.urls import include, path

from tests.urls import urlpatterns

urlpatterns = [path("allauth/", include("allauth.urls")), *urlpatterns]
