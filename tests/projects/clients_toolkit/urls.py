"""The provider's endpoints, beside the URLs of the test project."""

from django.urls import include, path

from django_logout.contrib.oauth_toolkit import (
    ClientRegistrationManagementView,
    ClientRegistrationView,
    RPInitiatedLogoutView,
)
from tests.urls import urlpatterns as ours

urlpatterns = [
    path("o/logout/", RPInitiatedLogoutView.as_view()),
    path("o/register/", ClientRegistrationView.as_view()),
    path("o/register/<str:client_id>/", ClientRegistrationManagementView.as_view()),
    path("o/", include("oauth2_provider.urls")),
    *ours,
]
