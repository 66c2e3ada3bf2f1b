"""The URLs of the test project; the app has none."""

from tests.urls import urlpatterns

__all__ = ["urlpatterns"]
