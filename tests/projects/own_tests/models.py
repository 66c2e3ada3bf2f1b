"""Orders of a shop."""

from django.conf import settings
from django.db import models


class Order(models.Model):
    """What a user has ordered."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    item = models.CharField(max_length=20)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.item
