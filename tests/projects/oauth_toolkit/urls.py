"""The URLs of ``tokens``, among them the provider's."""

from tests.projects.tokens.urls import urlpatterns

__all__ = ["urlpatterns"]
