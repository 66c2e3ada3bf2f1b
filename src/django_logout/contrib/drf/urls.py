"""The URLs of the API: ``path("api/", include("django_logout.contrib.drf.urls"))``."""

from django.urls import path

from django_logout.contrib.drf import views

urlpatterns = [
    path("logout/", views.LogoutView.as_view(), name="logout_api"),
    path("sessions/", views.SessionsView.as_view(), name="logout_api_sessions"),
    path("sessions/end-others/", views.OthersEndView.as_view(), name="logout_api_others"),
    path("sessions/end-all/", views.EverywhereView.as_view(), name="logout_api_everywhere"),
    path(
        "sessions/<uuid:session_id>/end/",
        views.SessionEndView.as_view(),
        name="logout_api_session_end",
    ),
]
