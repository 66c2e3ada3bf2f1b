"""Does allauth's own page of sessions end them through the door? (allauth.usersessions)"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from django_logout.checks.plugins import ancestry

OURS = "django_logout.contrib.allauth.SessionsAdapter"


@register(Tags.security)
def check_adapter(**kwargs: Any) -> list[CheckMessage]:
    """What ends the sessions that are chosen there; its default is the library's own."""
    given = getattr(settings, "USERSESSIONS_ADAPTER", "")
    if not apps.is_installed("allauth.usersessions") or OURS in ancestry(given):
        return []
    sentence = (
        "USERSESSIONS_ADAPTER is not ours: what allauth's page of sessions ends can come back, its "
        "tokens and sockets go on, and nothing is recorded."
    )
    hint = f'Write USERSESSIONS_ADAPTER = "{OURS}", or extend that class.'
    return [Warning(sentence, hint=hint, id="django_logout.W062")]
