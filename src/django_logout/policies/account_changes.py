"""When an account changes so that its sessions must not go on: they end at once, each with its
reason, instead of being refused when they are next used.

Changes that send no signals (``QuerySet.update()``, ``bulk_update()``, SQL, fixtures) are not
seen here; Django refuses those sessions, and they are ended when they are next used.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from copy import copy
from functools import lru_cache
from inspect import getattr_static
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model

from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.exceptions import SessionNotEnded, SessionUnavailable
from django_logout.guard.install import guard
from django_logout.guard.presented import stores
from django_logout.sessions import registry
from django_logout.types import LogoutResult, Target
from django_logout.utils.context import current_request

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger("django_logout")

_CHANGE = "_django_logout_change"


class Change(NamedTuple):
    """Why sessions have to end, which, and who wanted it."""

    reason: str
    target: Target
    actor: Any
    request: HttpRequest | None

    def end(self) -> LogoutResult:
        """End them."""
        return pipeline.end_with_change(
            self.target, reason=self.reason, actor=self.actor, request=self.request
        )


def before_save(
    sender: type[Model],
    instance: Any,
    raw: bool,
    using: str,
    update_fields: Collection[str] | None,
    **kwargs: Any,
) -> None:
    """Compare with the stored row, if what is about to be written may matter."""
    instance.__dict__.pop(_CHANGE, None)
    written = _saved_fields(sender, update_fields)
    if raw or using != registry.database() or instance.pk is None or not written:
        return
    rows, deciding = sender._base_manager.using(using), _relevant_fields(sender)
    stored = (rows if deciding is None else rows.only(*deciding)).filter(pk=instance.pk).first()
    if stored is None:
        return
    changed = copy(stored)
    for name in written:
        setattr(changed, name, getattr(instance, name))
    if reason := reason_of(stored, changed):
        # The target is chosen now: once the row is written, asking who is signed in would make
        # Django find that the password has changed.
        instance.__dict__[_CHANGE] = change_of(instance, reason)


def after_save(sender: type[Model], instance: Any, **kwargs: Any) -> None:
    """End what has to end, in the transaction of the change if it has one."""
    if change := instance.__dict__.pop(_CHANGE, None):
        _end(change)


def before_delete(sender: type[Model], instance: Any, using: str, **kwargs: Any) -> None:
    """End the sessions of a user that is being deleted, while there are rows to tell of them."""
    if using == registry.database():
        _end(change_of(copy(instance), Reason.DELETED))


def change_of(user: Any, reason: str, request: HttpRequest | None = None) -> Change:
    """What a change of an account ends. Whoever changes their own password or second factor
    stays signed in where they do so; everything else ends all."""
    request, actor, target = request or current_request.get(), None, Target.user(user)
    try:
        if request is not None and (actor := _signed_in(request)) is not None:
            stays = reason not in {Reason.DISABLED, Reason.DELETED} and actor.pk == user.pk
            if stays and _has_session(request):
                target = Target.others(request)
                guard(request.session).changed = True
    except SessionUnavailable:
        request = None  # nobody can tell whose it is; the sessions end all the same
    return Change(reason, target, actor, request)


def _signed_in(request: HttpRequest) -> Any:
    user = getattr(request, "user", None)
    return user if getattr(user, "is_authenticated", False) else None


def _has_session(request: HttpRequest) -> bool:
    """Not so for users of tokens: then every session is another one."""
    return any(store.identity is not None for store in stores(request)[:1])


def _end(change: Change) -> None:
    try:
        change.end()
    except SessionNotEnded:
        # Not a reason to keep the old password, or the account: Django asks for both whenever a
        # session is used, and so refuses it in any case.
        logger.exception("Sessions of a changed account are refused, but could not be ended.")


def reason_of(before: Any, after: Any) -> Reason | None:
    """Why logins of a user must not go on who has changed; ``None``: they may."""
    if getattr(before, "is_active", True) and not getattr(after, "is_active", True):
        return Reason.DISABLED
    if _auth_hash(before) == _auth_hash(after):
        return None
    # A project's own get_session_auth_hash() may look at more than the password.
    same = getattr(before, "password", None) == getattr(after, "password", None)
    return Reason.FACTOR_CHANGED if same else Reason.PASSWORD_CHANGED


def _auth_hash(user: Any) -> Any:
    """What Django compares to tell whether a session is older than the password."""
    if hasattr(user, "get_session_auth_hash"):
        return user.get_session_auth_hash()
    return getattr(user, "password", None)


def _saved_fields(model: type[Model], update_fields: Collection[str] | None) -> set[str]:
    """Which of the fields that decide are about to be written. A login's own is none of them."""
    names = {
        field.attname
        for field in model._meta.concrete_fields
        if update_fields is None or field.name in update_fields or field.attname in update_fields
    }
    deciding = _relevant_fields(model)
    return names - {"last_login"} if deciding is None else names & deciding


@lru_cache
def _relevant_fields(model: type[Model]) -> frozenset[str] | None:
    """Fields that decide whether sessions go on; ``None`` if code of the project's does, which
    may look at any."""
    names = {field.attname for field in model._meta.concrete_fields}
    active = getattr_static(model, "is_active", True)
    computed = "is_active" not in names and not isinstance(active, bool)
    hashed = getattr(model, "get_session_auth_hash", AbstractBaseUser.get_session_auth_hash)
    if computed or hashed is not AbstractBaseUser.get_session_auth_hash:
        return None
    return frozenset(names & {"password", "is_active"})
