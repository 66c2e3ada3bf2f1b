"""When the ways to log in change, other than the password: e-mail address, second factor.

One call for whoever changes them; made by itself for allauth and django-otp, if they are installed.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.db.models import Model

from django_logout.enums import Reason
from django_logout.utils.lazy import lazy_import

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_logout.types import LogoutResult

_CHANGE = "_django_logout_confirmed"

change_of = lazy_import("policies.account_changes.change_of")


def credentials_changed(
    user: Any, *, request: HttpRequest | None = None, reason: str = Reason.FACTOR_CHANGED
) -> LogoutResult:
    """End the other sessions of a user whose ways to log in have changed: e-mail address, second
    factor, passkey.

    The session of ``request`` stays if it is that user's own; without a request it is the one that
    is being served. If an administrator or a script makes the change, all of them end.

    Changed passwords and disabled or deleted accounts are noticed without it.

    Raises :class:`SessionNotEnded`.
    """
    result: LogoutResult = change_of(user, reason, request).end()
    return result


def on_change(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """allauth says so; also of the first address, whose confirmation takes nothing away."""
    if kwargs.get("from_email_address", user) is not None:
        credentials_changed(user, request=request)


def on_device_pre_save(
    sender: type[Model],
    instance: Any,
    using: str,
    update_fields: Collection[str] | None,
    **kwargs: Any,
) -> None:
    """A device of django-otp counts once it is confirmed; it is saved whenever it is used."""
    instance.__dict__.pop(_CHANGE, None)
    if update_fields is None or "confirmed" in update_fields:
        rows = sender._base_manager.using(using).filter(pk=instance.pk)
        confirmed = rows.values_list("confirmed", flat=True).first() or False
        instance.__dict__[_CHANGE] = confirmed != instance.confirmed


def on_device_post_save(sender: type[Model], instance: Any, raw: bool, **kwargs: Any) -> None:
    """A second factor has come, or gone."""
    if instance.__dict__.pop(_CHANGE, False) and not raw:
        credentials_changed(instance.user)


def on_device_pre_delete(sender: type[Model], instance: Any, origin: Any, **kwargs: Any) -> None:
    """A second factor goes; if that is because its user does, that is said elsewhere."""
    if instance.confirmed and _is_device(getattr(origin, "model", type(origin))):
        credentials_changed(instance.user)


def _is_device(model: type) -> bool:
    device: type = import_module("django_otp.models").Device
    return issubclass(model, device)
