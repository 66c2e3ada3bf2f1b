"""End the sessions of an account that changes: a new password, a disabled or a deleted user.

The sessions end in the transaction of the change, each with its reason, instead of being refused
one by one when they are used next. Changes that send no signals (``QuerySet.update()``,
``bulk_update()``, SQL, fixtures) are not seen here. Django refuses those sessions, and they end
when they are used next.
"""

import logging
from collections.abc import Callable, Collection, Set
from copy import copy
from functools import lru_cache, partial
from inspect import getattr_static
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model
from django.http import HttpRequest

from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.exceptions import SessionNotEnded, SessionUnavailable
from django_logout.guard.install import state_of
from django_logout.guard.presented import ATTACHED, BEARER, presented_stores
from django_logout.revokers import runner
from django_logout.sessions import registry
from django_logout.types import LogoutResult, Target
from django_logout.utils.context import current_request

logger = logging.getLogger("django_logout")

_ENDING = "_django_logout_ending"


def before_save(
    sender: type[Model],
    instance: Any,
    raw: bool,
    using: str,
    update_fields: Collection[str] | None,
    **kwargs: Any,
) -> None:
    """Compare the user with the stored row, if a relevant field is about to be saved."""
    instance.__dict__.pop(_ENDING, None)
    saved = _saved_fields(sender, update_fields)
    if raw or using != registry.database() or instance.pk is None or not saved:
        return
    rows = sender._base_manager.using(using).filter(pk=instance.pk)
    before = rows.only(*_relevant_fields(sender)).first()
    if before is None:
        return
    after = copy(before)
    for name in saved:
        setattr(after, name, getattr(instance, name))
    if reason := reason_of(before, after):
        # Choose the target before the row is saved. Afterwards, loading the request's user would
        # make Django find that the password has changed, and flush the session.
        instance.__dict__[_ENDING] = plan_ending(instance, reason)


def after_save(sender: type[Model], instance: Any, **kwargs: Any) -> None:
    """End the sessions, in the transaction of the change if it has one."""
    if ending := instance.__dict__.pop(_ENDING, None):
        _run(ending)
        _keep_app_logged_in(instance)


def before_delete(sender: type[Model], instance: Any, using: str, **kwargs: Any) -> None:
    """End the sessions of a user while the rows that name them still exist."""
    if using == registry.database():
        _run(plan_ending(copy(instance), Reason.DELETED))


def plan_ending(
    user: Any, reason: str, request: HttpRequest | None = None
) -> Callable[[], LogoutResult]:
    """Return a callable that ends the sessions which a change of the account invalidates.

    Users who change their own password or second factor keep the session, or the token, with which
    they do so. Every other change ends all sessions of the user.
    """
    request, actor, target = (
        _as_authenticated(request or current_request.get()),
        None,
        Target.user(user),
    )
    try:
        user_of_request: Any = getattr(request, "user", None)
        if request is not None and user_of_request is not None and user_of_request.is_authenticated:
            actor = user_of_request
            may_stay = reason not in {Reason.DISABLED, Reason.DELETED} and actor == user
            own = presented_stores(request)[:1] if may_stay else []
            if own and own[0].identity is not None and own[0].identity.user_id == str(user.pk):
                target = Target.others(request)
                state_of(request).changed = True
            elif may_stay and (hasattr(request, BEARER) or runner.presented(request)):
                target = Target.others(request)
    except SessionUnavailable:
        request = None  # The session cannot be read, so no session can be kept.
    return partial(pipeline.end_with_change, target, reason=reason, actor=actor, request=request)


def _as_authenticated(request: HttpRequest | None) -> Any:
    """Return the request with the user of its token. Some frameworks (django-ninja) put what has
    authenticated a request into ``auth``, and leave ``user`` to the session."""
    auth = getattr(request, "auth", None)
    user = getattr(auth, "user", auth)
    if request is None or not getattr(user, "is_authenticated", False) or user == request.user:
        return request
    authenticated: Any = copy(request)
    authenticated.user = user
    return authenticated


def _keep_app_logged_in(user: Any) -> None:
    """Write the new hash of the account into the session of an app that has changed it.

    ``update_session_auth_hash()`` writes it into the session of the cookie only.
    """
    request = current_request.get()
    for session in vars(request).get(ATTACHED, ()) if request is not None else ():
        identity, own = session.identity, getattr(request, BEARER, None)
        known = identity is not None and identity.id == own and HASH_SESSION_KEY in session
        if known and identity.user_id == str(user.pk):
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()


def _run(ending: Callable[[], LogoutResult]) -> None:
    try:
        ending()
    except SessionNotEnded:
        # Save the change all the same: Django compares password and account whenever a session
        # is used, and so refuses these sessions anyway.
        logger.exception("Sessions of a changed account are refused, but could not be ended.")


def reason_of(before: Any, after: Any) -> Reason | None:
    """Return why a change of the user ends sessions, or ``None`` if it does not."""
    if getattr(before, "is_active", True) and not getattr(after, "is_active", True):
        return Reason.DISABLED
    if _auth_hash(before) == _auth_hash(after):
        return None
    # A project's own get_session_auth_hash() may depend on more than the password.
    same = getattr(before, "password", None) == getattr(after, "password", None)
    return Reason.FACTOR_CHANGED if same else Reason.PASSWORD_CHANGED


def _auth_hash(user: Any) -> Any:
    """Return what Django compares to find sessions that are older than the password."""
    if hasattr(user, "get_session_auth_hash"):
        return user.get_session_auth_hash()
    return getattr(user, "password", None)


def _saved_fields(model: type[Model], update_fields: Collection[str] | None) -> Set[str]:
    """Return the relevant fields that are about to be saved."""
    relevant, fields = _relevant_fields(model), model._meta.concrete_fields
    if update_fields is None:
        return relevant
    return relevant & {f.attname for f in fields if {f.name, f.attname} & set(update_fields)}


@lru_cache
def _relevant_fields(model: type[Model]) -> frozenset[str]:
    """Return the fields on which the validity of sessions depends: all but ``last_login`` if code of
    the project decides."""
    names = {field.attname for field in model._meta.concrete_fields}
    active = getattr_static(model, "is_active", True)
    computed = "is_active" not in names and not isinstance(active, bool)
    hashed = getattr(model, "get_session_auth_hash", AbstractBaseUser.get_session_auth_hash)
    if computed or hashed is not AbstractBaseUser.get_session_auth_hash:
        return frozenset(names - {"last_login"})
    return frozenset(names & {"password", "is_active"})
