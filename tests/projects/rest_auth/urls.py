"""dj-rest-auth's views, and ours in place of two of them, beside the URLs of ``jwt``."""

from dj_rest_auth import views
from django.urls import include, path

from django_logout.contrib.drf.dj_rest_auth_views import LogoutView, RefreshView
from tests.projects.jwt.urls import urlpatterns as ours

urlpatterns = [
    path("auth/logout/", LogoutView.as_view()),
    path("auth/token/refresh/", RefreshView.as_view()),
    path("auth/", include("dj_rest_auth.urls")),
    path("stock/logout/", views.LogoutView.as_view()),
    path("drf/", include("django_logout.contrib.drf.urls")),
    *ours,
]
