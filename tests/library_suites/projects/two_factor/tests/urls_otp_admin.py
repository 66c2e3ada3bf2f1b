"""The URLs of the tests, with an admin that requires a second factor."""

from django.urls import path
from two_factor.admin import AdminSiteOTPRequired

from .urls import urlpatterns as others

urlpatterns = [path("otp_admin/", AdminSiteOTPRequired().urls), *others]
