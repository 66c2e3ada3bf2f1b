"""The URLs of the project ``jwt``."""

from django.urls import include, path

urlpatterns = [path("", include("tests.projects.jwt.urls"))]
