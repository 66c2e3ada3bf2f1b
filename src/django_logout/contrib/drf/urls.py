"""The URLs of the API: ``path("api/", include("django_logout.contrib.drf.urls"))``."""

from django.urls import path

from django_logout.contrib.drf.views import (
    EverywhereView,
    LogoutView,
    OthersEndView,
    SessionEndView,
    SessionsView,
)

urlpatterns = [
    path("logout/", LogoutView.as_view(), name="logout_api"),
    path("sessions/", SessionsView.as_view(), name="logout_api_sessions"),
    path("sessions/end-others/", OthersEndView.as_view(), name="logout_api_others"),
    path("sessions/end-all/", EverywhereView.as_view(), name="logout_api_everywhere"),
    path(
        "sessions/<uuid:session_id>/end/", SessionEndView.as_view(), name="logout_api_session_end"
    ),
]
