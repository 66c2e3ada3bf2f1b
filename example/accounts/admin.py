"""The admin of users, with "Log out everywhere"."""

from django_logout.admin import extend_user_admin

extend_user_admin()
