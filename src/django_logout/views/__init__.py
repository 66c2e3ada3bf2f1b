"""The views; Django's own import path for ``LogoutView`` works too."""

from django_logout.views.logout import AsyncLogoutView, LogoutView, logout_then_login

__all__ = ["AsyncLogoutView", "LogoutView", "logout_then_login"]
