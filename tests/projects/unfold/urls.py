"""The URLs of the test project, whose admin has the theme."""

from tests.urls import urlpatterns

__all__ = ["urlpatterns"]
