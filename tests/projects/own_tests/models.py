"""Orders and customers of a shop."""

from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models


class Order(models.Model):
    """What a user has ordered."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    item = models.CharField(max_length=20)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.item


class Customer(AbstractBaseUser):
    """Someone who buys; beside the users, who work here, and with the same primary keys."""

    email = models.EmailField(unique=True)

    USERNAME_FIELD = "email"

    def __str__(self) -> str:
        return self.email


class CustomerBackend:
    """Know customers, as projects write it."""

    def authenticate(self, request: Any, email: str | None = None) -> Customer | None:
        """Return the customer with this address."""
        return Customer.objects.filter(email=email).first()

    def get_user(self, user_id: Any) -> Customer | None:
        """Return the customer of a session."""
        return Customer.objects.filter(pk=user_id).first()
