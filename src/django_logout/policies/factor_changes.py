"""End sessions when another way to log in changes: an e-mail address, a second factor, a passkey.

Projects call :func:`credentials_changed`. Receivers call it for allauth and django-otp, if they
are installed.
"""

from collections.abc import Collection
from importlib import import_module
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from django_logout.enums import Reason
from django_logout.types import LogoutResult, UserLike
from django_logout.utils.arguments import check_user
from django_logout.utils.lazy import lazy_import

_CHANGED = "_django_logout_confirmed_changed"

plan_ending = lazy_import("policies.account_changes.plan_ending")


def credentials_changed(
    user: UserLike, *, request: HttpRequest | None = None, reason: str = Reason.FACTOR_CHANGED
) -> LogoutResult:
    """End the other sessions of a user whose ways to log in have changed: an e-mail address, a
    second factor, a passkey.

    The session of ``request`` (by default the request that is being served) stays active if it is
    the user's own. If an administrator or a script makes the change, all sessions of the user end.

    Changed passwords and disabled or deleted accounts need no call.

    Raises :class:`SessionNotEnded`, and ``TypeError`` or ``ValueError`` for wrong arguments.
    """
    check_user("credentials_changed()", user)
    result: LogoutResult = plan_ending(user, reason, request)()
    return result


def on_change(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Receive allauth's signals. A first e-mail address replaces none, so it ends no session."""
    if kwargs.get("from_email_address", user) is not None:
        credentials_changed(user, request=request)


def on_device_pre_save(
    sender: type[Model],
    instance: Any,
    using: str,
    update_fields: Collection[str] | None,
    **kwargs: Any,
) -> None:
    """Remember whether this save confirms a device of django-otp, or withdraws its confirmation.

    Only confirmed devices are second factors, and each use of a device saves it.
    """
    instance.__dict__.pop(_CHANGED, None)
    if update_fields is None or "confirmed" in update_fields:
        rows = sender._base_manager.using(using).filter(pk=instance.pk)
        confirmed = rows.values_list("confirmed", flat=True).first() or False
        instance.__dict__[_CHANGED] = confirmed != instance.confirmed


def on_device_post_save(sender: type[Model], instance: Any, raw: bool, **kwargs: Any) -> None:
    """End the other sessions of a user who has gained or lost a second factor."""
    if instance.__dict__.pop(_CHANGED, False) and not raw:
        credentials_changed(instance.user)


def on_device_pre_delete(sender: type[Model], instance: Any, origin: Any, **kwargs: Any) -> None:
    """End the other sessions of a user whose second factor is deleted.

    A device that is deleted together with its user needs nothing: the deletion of the user ends
    all sessions.
    """
    device: type = import_module("django_otp.models").Device
    if instance.confirmed and issubclass(getattr(origin, "model", type(origin)), device):
        credentials_changed(instance.user)
