"""The URLs of ``mfa``, to which the installed apps add theirs."""

from tests.projects.mfa.urls import urlpatterns

__all__ = ["urlpatterns"]
