"""The shop beside the URLs of the test project."""

from django.apps import apps
from django.urls import include, path

from tests.urls import urlpatterns as ours

urlpatterns = [path("shop/", include(apps.get_app_config("oscar").urls[0])), *ours]
