"""The URLs of the test project and of django-impersonate."""

from django.urls import include, path

from tests.urls import urlpatterns

urlpatterns = [path("impersonate/", include("impersonate.urls")), *urlpatterns]
