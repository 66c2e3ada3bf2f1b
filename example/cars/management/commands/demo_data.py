"""``manage.py demo_data``: people and cars to try the site with."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from cars.models import Car

#: name → whether it may use the admin. Its password is its name twice.
LOGINS = {"customer": False, "admin": True}
CARS = [
    ("Chevrolet", "Opala", 1978, 62_000, Car.Body.SALOON),
    ("Fiat", "147", 1980, 24_500, Car.Body.HATCH),
    ("Fiat", "Uno", 1994, 16_900, Car.Body.HATCH),
    ("Gurgel", "X-12", 1982, 38_000, Car.Body.OFFROAD),
    ("Toyota", "Bandeirante", 1986, 89_000, Car.Body.OFFROAD),
    ("Volkswagen", "Fusca", 1974, 32_000, Car.Body.COMPACT),
    ("Volkswagen", "Kombi", 1981, 74_000, Car.Body.VAN),
    ("Willys", "Aero", 1965, 57_500, Car.Body.SALOON),
]


class Command(BaseCommand):
    """Can be run again: what is there stays, and the passwords are made what is printed."""

    help = "Make the demo's users and cars, and print how to log in."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing."""
        for name, is_admin in LOGINS.items():
            self._user(name, is_admin)
        for brand, model, year, price, body in CARS:
            Car.objects.get_or_create(
                brand=brand, model=model, year=year, defaults={"price": price, "body": body}
            )
        self.stdout.write("Log in as (name / password):")
        for name in LOGINS:
            self.stdout.write(f"  {name} / {name}-{name}")

    def _user(self, name: str, is_admin: bool) -> None:
        rights = {"is_staff": is_admin, "is_superuser": is_admin}
        user, _ = get_user_model().objects.get_or_create(username=name, defaults=rights)
        # A new hash would log its sessions out, so only if it has to be.
        if not user.check_password(f"{name}-{name}"):
            user.set_password(f"{name}-{name}")
            user.save(update_fields=["password"])
