"""The URLs of the test project, for every tenant."""

from tests.urls import urlpatterns

__all__ = ["urlpatterns"]
