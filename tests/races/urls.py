"""URLs of the worker processes; the same with and without the package."""

from django.conf import settings
from django.contrib.auth import views as auth_views
from django.urls import path

from tests.races import views

if settings.PLAIN:
    from django.contrib.auth.views import LogoutView
else:
    from django_logout.views import LogoutView  # type: ignore[assignment]

urlpatterns = [
    path("", views.home),
    path("login/", auth_views.LoginView.as_view(template_name="login.html")),
    path("logout/", LogoutView.as_view(next_page="/")),
    path("plain-logout/", views.plain_logout),
    path("hold/", views.hold),
    path("write/", views.write),
    path("rotate/", views.rotate),
    path("password/", views.password),
    path("recreate/", views.recreate),
    path("resave/", views.resave),
    path("clone/", views.clone),
    path("keep-login/<str:how>/", views.keep_login),
    path("copy-login/", views.copy_login),
    path("replace-session/", views.replace_session),
    path("guest/", views.guest),
    path("fail/<str:which>/", views.fail_after_logout),
    path("snapshot/", views.snapshot),
    path("awrite/", views.awrite),
    path("arotate/", views.arotate),
]
