"""``path("accounts/", include("django_logout.urls"))``."""

from django.urls import path

from django_logout.views.logout import LogoutView

urlpatterns = [
    path("logout/", LogoutView.as_view(), name="logout"),
]
