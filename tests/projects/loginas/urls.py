"""The URLs of the test project and of django-loginas, and views that call its functions."""

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from loginas.utils import login_as, restore_original_login

from django_logout import impersonation
from tests.urls import urlpatterns


def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Act as a user."""
    with impersonation(request):
        login_as(get_user_model().objects.get(pk=pk), request)
    return HttpResponse()


def back(request: HttpRequest) -> HttpResponse:
    """Stop it."""
    with impersonation(request):
        restore_original_login(request)
    return HttpResponse()


urlpatterns = [
    path("loginas/", include("loginas.urls")),
    path("own/<int:pk>/", begin),
    path("own/back/", back),
    *urlpatterns,
]
