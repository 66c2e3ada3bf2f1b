"""The JWT project's URLs, and dj-rest-auth's."""

from django.urls import include, path

from django_logout.contrib.drf.dj_rest_auth import RefreshView
from tests.adapters.urls_jwt import urlpatterns as ours

urlpatterns = [
    path("auth/token/refresh/", RefreshView.as_view()),
    path("auth/", include("dj_rest_auth.urls")),
    *ours,
]
