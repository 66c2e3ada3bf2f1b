"""The URLs of the project ``tokens``."""

from django.urls import include, path

urlpatterns = [path("", include("tests.projects.tokens.urls"))]
