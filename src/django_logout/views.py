"""The views of the package."""

from django_logout.web.views.choose_sessions import ChooseView
from django_logout.web.views.decorators import ends_sessions
from django_logout.web.views.events import EventsView
from django_logout.web.views.logout import AsyncLogoutView, LogoutView, logout_then_login
from django_logout.web.views.sessions import (
    OthersEndView,
    SelectedEndView,
    SessionEndView,
    SessionsView,
)
from django_logout.web.views.status import StatusView

__all__ = [
    "AsyncLogoutView",
    "ChooseView",
    "EventsView",
    "LogoutView",
    "OthersEndView",
    "SelectedEndView",
    "SessionEndView",
    "SessionsView",
    "StatusView",
    "ends_sessions",
    "logout_then_login",
]
