"""Sends each app where the environment says."""

from typing import Any

from django.conf import settings


def lag(settings: Any, *models: Any) -> None:
    """From now on these models are read from a replica. There is none here, so a read of it fails."""
    settings.PLACES = {f"read:{model._meta.app_label}": "replica" for model in models}
    settings.DATABASE_ROUTERS = [f"{__name__}.Router"]


class Router:
    """``replica`` is a database without a table, so a read of it by mistake fails."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Where rows are read."""
        label = model._meta.app_label
        place: str | None = settings.PLACES.get(f"read:{label}") or settings.PLACES.get(label)
        return place

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Where rows are written."""
        place: str | None = settings.PLACES.get(model._meta.app_label)
        return place

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Tables only where their rows are."""
        return bool(db == settings.PLACES.get(app_label, "default"))

    def allow_relation(self, *args: Any, **hints: Any) -> bool:
        """Django would object to a relation between two databases."""
        return True
