"""Tells whoever has logged out: after the ending, when it is true."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _


@receiver(user_logged_out)
def confirm(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """One message for whoever has just logged out here, however many sessions that has ended."""
    if user is not None:
        messages.success(request, _("You have been logged out."), fail_silently=True)
