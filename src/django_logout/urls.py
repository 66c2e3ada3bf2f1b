"""``path("accounts/", include("django_logout.urls"))``."""

from django.urls import path

from django_logout.views.choose import ChooseView
from django_logout.views.events import EventsView
from django_logout.views.logout import LogoutView
from django_logout.views.not_me import NotMeView
from django_logout.views.sessions import OthersEndView, SessionEndView, SessionsView
from django_logout.views.status import StatusView

urlpatterns = [
    path("logout/", LogoutView.as_view(), name="logout"),
    path("session/", StatusView.as_view(), name="logout_status"),
    path("session/events/", EventsView.as_view(), name="logout_events"),
    path("sessions/", SessionsView.as_view(), name="logout_sessions"),
    path("sessions/choose/", ChooseView.as_view(), name="logout_choose"),
    path("sessions/end-others/", OthersEndView.as_view(), name="logout_others"),
    path("sessions/end-all/", LogoutView.as_view(everywhere=True), name="logout_everywhere"),
    path("sessions/<uuid:session_id>/end/", SessionEndView.as_view(), name="logout_session_end"),
    path("sessions/not-me/<str:token>/", NotMeView.as_view(), name="logout_not_me"),
]
