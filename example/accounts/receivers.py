"""Tells whoever has logged out: after the ending, when it is true."""

from typing import Any

from django.contrib import messages
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from django_logout import Reason
from django_logout.signals import session_ended


@receiver(session_ended)
def confirm(request: HttpRequest | None, reason: str, **kwargs: Any) -> None:
    """One message for whoever has just logged out."""
    if request is not None and reason == Reason.USER:
        messages.success(request, _("You are logged out."), fail_silently=True)
