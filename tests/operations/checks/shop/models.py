"""Models of a shop."""

# ruff: noqa: DJ008 - they are never printed

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models


class Owned(models.Model):
    """A row that points to a user."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    class Meta:
        abstract = True


class Voucher(Owned):
    """A credential that is looked up by its key."""

    key = models.CharField(max_length=40, unique=True)


class PartnerApiKey(Owned):
    """A credential by its name."""


class Preference(Owned):
    """A setting with a key that is not indexed."""

    key = models.CharField(max_length=40)


class TrainingSession(Owned):
    """An appointment, not a login."""


class Token(models.Model):
    """A token that points to no user."""

    token = models.CharField(max_length=40, unique=True)


class Seller(get_user_model()):  # type: ignore[misc]
    """A user model with a key."""

    key = models.CharField(max_length=40, unique=True)
