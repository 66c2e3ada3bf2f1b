"""``path("accounts/", include("django_logout.urls"))``."""

from __future__ import annotations

from typing import Any

from asgiref.sync import markcoroutinefunction
from django.urls import path

from django_logout.decorators import open_to_all
from django_logout.utils.lazy import later


def view(name: str, *, is_async: bool = False, **initkwargs: Any) -> Any:
    """One of our views, imported when it is first asked for. All are open to everybody, and see to
    logins, CSRF and transactions themselves."""
    call = later(name, lambda view_class: view_class.as_view(**initkwargs))
    return open_to_all(markcoroutinefunction(call) if is_async else call)


urlpatterns = [
    path("logout/", view("web.views.logout.LogoutView"), name="logout"),
    path("session/", view("web.views.status.StatusView"), name="logout_status"),
    path(
        "session/events/", view("web.views.events.EventsView", is_async=True), name="logout_events"
    ),
    path("sessions/", view("web.views.sessions.SessionsView"), name="logout_sessions"),
    path("sessions/choose/", view("web.views.choose_sessions.ChooseView"), name="logout_choose"),
    path("sessions/end-others/", view("web.views.sessions.OthersEndView"), name="logout_others"),
    path(
        "sessions/end-all/",
        view("web.views.logout.LogoutView", everywhere=True),
        name="logout_everywhere",
    ),
    path(
        "sessions/<uuid:session_id>/end/",
        view("web.views.sessions.SessionEndView"),
        name="logout_session_end",
    ),
    path(
        "sessions/not-me/<str:token>/", view("notifications.views.NotMeView"), name="logout_not_me"
    ),
]
