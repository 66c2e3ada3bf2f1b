"""Of a shop."""

# ruff: noqa: DJ008 - nobody prints them

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models


class Owned(models.Model):
    """Something of a user's."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    class Meta:
        abstract = True


class Voucher(Owned):
    """Found by its key."""

    key = models.CharField(max_length=40, unique=True)


class PartnerApiKey(Owned):
    """Says what it is."""


class Preference(Owned):
    """A key and a value, of which every user has some."""

    key = models.CharField(max_length=40)


class TrainingSession(Owned):
    """No login."""


class Token(models.Model):
    """Nobody's."""

    token = models.CharField(max_length=40, unique=True)


class Seller(get_user_model()):  # type: ignore[misc]
    """A user."""

    key = models.CharField(max_length=40, unique=True)
