"""The admin site, with a logout that serves everybody."""

from django.contrib.admin import AdminSite

from django_logout.admin import LogoutAdminSiteMixin


class CarAdminSite(LogoutAdminSiteMixin, AdminSite):
    """Django's admin, whose button also ends the session of people who are not staff."""
