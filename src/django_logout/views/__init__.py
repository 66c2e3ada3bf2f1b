"""The views; Django's own import path for ``LogoutView`` works too."""

from django_logout.views.choose import ChooseView
from django_logout.views.events import EventsView
from django_logout.views.logout import AsyncLogoutView, LogoutView, logout_then_login
from django_logout.views.own import ends_sessions
from django_logout.views.sessions import OthersEndView, SessionEndView, SessionsView
from django_logout.views.status import StatusView

__all__ = [
    "AsyncLogoutView",
    "ChooseView",
    "EventsView",
    "LogoutView",
    "OthersEndView",
    "SessionEndView",
    "SessionsView",
    "StatusView",
    "ends_sessions",
    "logout_then_login",
]
