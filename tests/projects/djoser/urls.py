"""djoser's endpoints beside the URLs of the test project."""

from django.urls import include, path

from tests.urls import urlpatterns as ours

urlpatterns = [
    path("auth/", include("djoser.urls")),
    path("auth/", include("djoser.urls.authtoken")),
    *ours,
]
