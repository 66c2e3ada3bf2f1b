"""The URLs of all views: ``path("accounts/", include("django_logout.urls"))``."""

from typing import Any

from asgiref.sync import markcoroutinefunction
from django.urls import path

from django_logout.decorators import exempt
from django_logout.utils.lazy import lazy_import


def lazy_view(name: str, *, is_async: bool = False, **initkwargs: Any) -> Any:
    """Return a view of the package that is imported at its first request.

    Each view handles logins, CSRF and transactions itself, so the middleware must not.
    """
    call = lazy_import(name, lambda view_class: view_class.as_view(**initkwargs))
    return exempt(markcoroutinefunction(call) if is_async else call)


urlpatterns = [
    path("logout/", lazy_view("web.views.logout.LogoutView"), name="logout"),
    path("session/", lazy_view("web.views.status.StatusView"), name="logout_status"),
    path(
        "session/events/",
        lazy_view("web.views.events.EventsView", is_async=True),
        name="logout_events",
    ),
    path("sessions/", lazy_view("web.views.sessions.SessionsView"), name="logout_sessions"),
    path(
        "sessions/choose/", lazy_view("web.views.choose_sessions.ChooseView"), name="logout_choose"
    ),
    path(
        "sessions/end/",
        lazy_view("web.views.sessions.SelectedEndView"),
        name="logout_selected",
    ),
    path(
        "sessions/end-others/", lazy_view("web.views.sessions.OthersEndView"), name="logout_others"
    ),
    path(
        "sessions/end-all/",
        lazy_view("web.views.logout.LogoutView", everywhere=True),
        name="logout_everywhere",
    ),
    path(
        "sessions/<uuid:session_id>/end/",
        lazy_view("web.views.sessions.SessionEndView"),
        name="logout_session_end",
    ),
    path(
        "sessions/not-me/<str:token>/",
        lazy_view("notifications.views.NotMeView"),
        name="logout_not_me",
    ),
]
