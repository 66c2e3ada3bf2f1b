"""URLs of the test project."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from tests import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", auth_views.LoginView.as_view(template_name="login.html"), name="login"),
    path("", views.home, name="home"),
    path("private/", views.private, name="private"),
    path("write/", views.write, name="write"),
    path("quiet/", views.quiet, name="quiet"),
    path("plain-logout/", views.plain_logout, name="plain_logout"),
    path("accounts/", include("django_logout.urls")),
]
