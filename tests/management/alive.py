"""Whose sessions are left."""

from django_logout.models import LoginSession
from django_logout.sessions import registry


def alive() -> list[str]:
    """Whose sessions have not ended, one name each."""
    rows = registry.active(LoginSession.objects.order_by("user__username"))
    return [row.user.get_username() for row in rows.select_related("user")]
