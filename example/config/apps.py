"""``django.contrib.admin`` with this project's admin site."""

from django.contrib.admin.apps import AdminConfig


class CarSiteAdmin(AdminConfig):
    """Makes it the default site, on which apps register their models."""

    default_site = "config.admin.CarAdminSite"
