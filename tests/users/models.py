"""User models with the primary keys that projects really have."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class UUIDUser(AbstractUser):
    """A user known by a UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"


class TextUser(AbstractUser):
    """A user known by a word."""

    username = models.CharField(max_length=40, primary_key=True)

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"
