"""Factories of the project."""

from typing import Any

import factory
from django.contrib.auth.models import User

from tests.projects.own_tests.models import Order


class UserFactory(factory.django.DjangoModelFactory[User]):
    """Users with a password, which is set after they are created, and who are saved again then."""

    username = factory.Sequence(lambda number: f"user{number}")
    password = factory.PostGenerationMethodCall("set_password", "pw")

    class Meta:
        model = User

    @classmethod
    def _after_postgeneration(cls, instance: Any, create: bool, results: Any = None) -> None:
        instance.save()


class OrderFactory(factory.django.DjangoModelFactory[Order]):
    """Orders, each of a new user."""

    user = factory.SubFactory(UserFactory)
    item = "lamp"

    class Meta:
        model = Order
