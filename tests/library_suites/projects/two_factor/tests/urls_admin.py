"""The URLs of the tests, with Django's admin."""

from django.contrib import admin
from django.urls import path

from .urls import urlpatterns as others

urlpatterns = [path("admin/", admin.site.urls), *others]
