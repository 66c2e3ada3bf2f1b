"""The provider's endpoints, beside the URLs of ``mfa``."""

from django.urls import include, path

from tests.projects.mfa.urls import urlpatterns as ours

urlpatterns = [path("", include("allauth.idp.urls")), *ours]
