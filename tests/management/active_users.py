"""The users who still have sessions."""

from django_logout.models import LoginSession
from django_logout.sessions import registry


def active_users() -> list[str]:
    """Return the name of the user of each active session."""
    rows = registry.only_active(LoginSession.objects.order_by("user__username"))
    return [row.user.get_username() for row in rows.select_related("user")]
