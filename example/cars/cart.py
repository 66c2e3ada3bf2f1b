"""The cart: primary keys of cars, in the session, with or without a login."""

from typing import Any

from django.http import HttpRequest

from cars.models import Car

KEY = "cart"


def add(request: HttpRequest, pk: int) -> None:
    """Put a car into the cart, once."""
    request.session[KEY] = [*_without(request, pk), pk]


def remove(request: HttpRequest, pk: int) -> None:
    """Take a car out of the cart."""
    request.session[KEY] = _without(request, pk)


def cart(request: HttpRequest) -> dict[str, Any]:
    """For templates: the cars in the cart and what they cost together."""
    found = list(Car.objects.filter(pk__in=request.session.get(KEY, [])))
    return {"cart": found, "cart_total": sum(car.price for car in found)}


def _without(request: HttpRequest, pk: int) -> list[int]:
    return [known for known in request.session.get(KEY, []) if known != pk]
