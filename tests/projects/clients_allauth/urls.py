"""The provider's endpoints, beside the URLs of ``mfa``."""

from django.urls import include, path

from django_logout.contrib.allauth_idp import LogoutView
from tests.projects.mfa.urls import urlpatterns as ours

urlpatterns = [
    path("identity/o/logout", LogoutView.as_view()),
    path("", include("allauth.idp.urls")),
    *ours,
]
