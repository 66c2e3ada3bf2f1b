"""The URLs of the worker processes, with a login that takes no lock by itself."""

from django.contrib.auth import authenticate, login
from django.contrib.auth.models import update_last_login
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse
from django.urls import path

from django_logout.views import ChooseView
from tests.races import urls
from tests.races.stop_points import stop


def quiet_login(request: HttpRequest) -> HttpResponse:
    """Logs in without writing to the user's row, as projects do that keep no last login. Where
    it is written, and in one transaction with the login, that alone makes logins take turns."""
    user_logged_in.disconnect(dispatch_uid="update_last_login")
    try:
        name = request.POST["username"]
        login(request, authenticate(request, username=name, password=name))
    finally:
        user_logged_in.connect(update_last_login, dispatch_uid="update_last_login")
    stop("view")
    return HttpResponse(name)


urlpatterns = [
    *urls.urlpatterns,
    path("quiet-login/", quiet_login),
    path("choose/", ChooseView.as_view(), name="logout_choose"),
]
