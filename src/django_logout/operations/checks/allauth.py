"""Do allauth's own pages end sessions through the door, and only when their user asks?"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning

from django_logout.operations.checks.imports import ancestry
from django_logout.operations.checks.ours import register

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


@register(Tags.security)
def check_get(**kwargs: Any) -> list[CheckMessage]:
    """Its logout page can be told to ask no question; then whoever sends a browser there logs it
    out, from any site, and no token is needed."""
    given = getattr(settings, "ACCOUNT_LOGOUT_ON_GET", False)
    if not apps.is_installed("allauth.account") or not given:
        return []
    sentence = (
        "ACCOUNT_LOGOUT_ON_GET lets a link, an image or a prefetch of any site log people out."
    )
    hint = "Take it out, and let a button do it: {% load logout %} {% logout_button %}."
    return [Warning(sentence, hint=hint, id="django_logout.W063")]
