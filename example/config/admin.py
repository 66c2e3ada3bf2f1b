"""The admin site, as an app: ``django.contrib.admin`` with a logout that serves everybody."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig


class CarAdminSite(AdminSite):
    """Django's admin."""


class CarSiteAdmin(AdminConfig):
    """Makes it the default site, on which apps register their models."""

    default_site = "config.admin.CarAdminSite"
