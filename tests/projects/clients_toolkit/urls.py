"""The provider's endpoints, beside the URLs of the test project."""

from django.urls import include, path

from django_logout.contrib.oauth_toolkit import RPInitiatedLogoutView
from tests.urls import urlpatterns as ours

urlpatterns = [
    path("o/logout/", RPInitiatedLogoutView.as_view()),
    path("o/", include("oauth2_provider.urls")),
    *ours,
]
