"""``path("accounts/", include("django_logout.urls"))``."""

from __future__ import annotations

from typing import Any

from asgiref.sync import markcoroutinefunction
from django.urls import path

from django_logout.decorators import open_to_all
from django_logout.later import later


def view(name: str, *, is_async: bool = False, **initkwargs: Any) -> Any:
    """One of our views, imported when it is first asked for. All are open to everybody, and see to
    logins, CSRF and transactions themselves."""
    call = later(f"views.{name}", lambda view_class: view_class.as_view(**initkwargs))
    return open_to_all(markcoroutinefunction(call) if is_async else call)


urlpatterns = [
    path("logout/", view("logout.LogoutView"), name="logout"),
    path("session/", view("status.StatusView"), name="logout_status"),
    path("session/events/", view("events.EventsView", is_async=True), name="logout_events"),
    path("sessions/", view("sessions.SessionsView"), name="logout_sessions"),
    path("sessions/choose/", view("choose.ChooseView"), name="logout_choose"),
    path("sessions/end-others/", view("sessions.OthersEndView"), name="logout_others"),
    path("sessions/end-all/", view("logout.LogoutView", everywhere=True), name="logout_everywhere"),
    path(
        "sessions/<uuid:session_id>/end/",
        view("sessions.SessionEndView"),
        name="logout_session_end",
    ),
    path("sessions/not-me/<str:token>/", view("not_me.NotMeView"), name="logout_not_me"),
]
