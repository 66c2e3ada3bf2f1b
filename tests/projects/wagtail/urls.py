"""Wagtail's admin beside the URLs of the test project."""

from django.urls import include, path
from wagtail.admin import urls

from tests.urls import urlpatterns as ours

urlpatterns = [path("cms/", include(urls)), *ours]
