"""The provider's endpoints, beside the URLs of the test project."""

from django.urls import include, path

from tests.urls import urlpatterns as ours

urlpatterns = [path("o/", include("oauth2_provider.urls")), *ours]
