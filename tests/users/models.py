"""User models with the primary keys that projects really have; and a credential of a project's
own."""

import uuid

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone


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


class PickupCode(models.Model):
    """Lets its owner fetch what they have ordered."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    code = models.CharField(max_length=40, default=uuid.uuid4)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Pickup code {self.pk}"
