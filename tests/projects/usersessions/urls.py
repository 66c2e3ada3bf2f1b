"""The URLs of the project ``mfa``."""

from django.urls import include, path

urlpatterns = [path("", include("tests.projects.mfa.urls"))]
