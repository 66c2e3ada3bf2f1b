"""The URLs of the test project, whose admin has the theme. Its user admin is Django's."""

from django.contrib import admin
from django.urls import path

from django_logout.admin import extend_user_admin
from tests.urls import urlpatterns as site

extend_user_admin()
urlpatterns = [path("admin/", admin.site.urls), *site]
