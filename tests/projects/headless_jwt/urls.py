"""The URLs of the project ``headless``."""

from django.urls import include, path

urlpatterns = [path("", include("tests.projects.headless.urls"))]
