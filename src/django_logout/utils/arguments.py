"""Check the arguments of public functions, and say at the call what to write instead."""

from collections.abc import Iterable
from typing import Any, NoReturn
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Manager, Model, QuerySet
from django.utils.functional import LazyObject, empty

#: Length of the column that stores a reason.
MAX_REASON_LENGTH = 64


def check_request(call: str, request: Any) -> None:
    """Raise ``TypeError`` if this is not a request, of Django or of a framework that wraps it."""
    if not hasattr(request, "META"):
        _refuse(call, "a request", request)


def check_user(call: str, user: Any) -> None:
    """Raise ``TypeError`` if this is no user of ``AUTH_USER_MODEL``, and ``ValueError`` if no user
    is logged in.

    A token may authenticate an object that is no row, but has the primary key of one.
    """
    if _is_unloaded(user):
        return  # Loading it may take a query, which asynchronous code must not make here.
    model: Any = get_user_model()
    name = model.__name__
    if isinstance(user, QuerySet | Manager):
        _refuse(call, "one user", user, "Target.users(queryset)")
    if isinstance(user, list | tuple | set | frozenset):
        _refuse(call, "one user", user, f"Target.users({name}.objects.filter(pk__in=...))")
    if isinstance(user, type) or not hasattr(user, "pk") or _is_other_model(user, model):
        _refuse(call, "a user", user, f"Target.users({name}.objects.filter(pk=...))")
    if getattr(user, "is_anonymous", False):
        raise ValueError(
            f"{call} takes a user who is logged in, and this one is anonymous. "
            "For the session of a request, write Target.current(request)."
        )


def check_users(call: str, users: Any) -> None:
    """Raise ``TypeError`` if this is no queryset of users."""
    model: Any = get_user_model()
    name = model.__name__
    if isinstance(users, Manager):
        _refuse(call, "a queryset of users", users, f"Target.users({name}.objects.all())")
    if not isinstance(users, QuerySet):
        if hasattr(users, "pk"):
            _refuse(call, "a queryset of users", users, "Target.user(user)")
        _refuse(
            call,
            "a queryset of users",
            users,
            f"Target.users({name}.objects.filter(pk__in=...))",
        )
    if not issubclass(users.model, model._meta.concrete_model):
        _refuse(call, "a queryset of users", users, f"Target.users({name}.objects.filter(...))")


def read_id(call: str, value: Any) -> UUID:
    """Return a public id as a UUID.

    Raises ``TypeError`` for anything but a UUID or a string, and ``ValueError`` for a malformed
    one. The value is not in the message, since it may be a session key.
    """
    if isinstance(value, UUID):
        return value
    if isinstance(value, Model):
        _refuse(call, "the public id of a session", value, "the row's pk")
    if not isinstance(value, str):
        _refuse(call, "the public id of a session", value, "its UUID, or that as a string")
    try:
        return UUID(value)
    except ValueError:
        raise ValueError(
            f"{call} takes a UUID, the public id of a session, as LoginSession.pk has it. This is "
            "none. A session key is secret and no id; for the session of a request, write "
            "Target.current(request)."
        ) from None


def check_ids(call: str, ids: Any) -> None:
    """Raise ``TypeError`` if this is not several ids."""
    if isinstance(ids, str | UUID):
        _refuse(call, "several ids", ids, "Target.session(session_id)")
    if isinstance(ids, Manager):
        _refuse(call, "ids or a queryset", ids, "LoginSession.objects.all()")
    if not isinstance(ids, Iterable):
        _refuse(call, "several ids, or a queryset of LoginSession", ids)


def check_ending(reason: Any, actor: Any, request: Any, progress: Any) -> None:
    """Raise ``TypeError`` or ``ValueError`` if these arguments of an ending mean nothing."""
    if reason is not None:
        check_reason(reason)
    check_actor(actor)
    if request is not None:
        check_request("request", request)
    if progress is not None and not callable(progress):
        raise TypeError("progress takes a function of two numbers, done and total.")


def check_reason(reason: Any) -> None:
    """Raise ``TypeError`` or ``ValueError`` if a reason cannot be stored, or read in a log."""
    if not isinstance(reason, str):
        raise TypeError(
            f"reason takes a Reason or a string, not {_kind(reason)}. Write Reason.ADMIN, or a "
            'short name of your own such as "contract_ended".'
        )
    if not reason or len(reason) > MAX_REASON_LENGTH:
        raise ValueError(
            f"reason takes 1 to {MAX_REASON_LENGTH} characters, and this one has {len(reason)}. "
            'Write a short name such as "contract_ended", not a sentence.'
        )
    if not reason.isprintable():
        raise ValueError("reason takes printable characters only: it is written to the log.")


def check_actor(actor: Any) -> None:
    """Raise ``TypeError`` if this is neither a user nor ``None``."""
    if actor is None or _is_unloaded(actor):
        return
    if isinstance(actor, type) or not hasattr(actor, "pk"):
        raise TypeError(f"actor takes a user or None, not {_kind(actor)}.")


def _is_other_model(user: Any, model: Any) -> bool:
    """Return whether this is a row of another model, whose primary key is that of someone else."""
    return isinstance(user, Model) and not isinstance(user, model._meta.concrete_model)


def _is_unloaded(user: Any) -> bool:
    return issubclass(type(user), LazyObject) and vars(user).get("_wrapped") is empty


def _kind(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, QuerySet):
        return f"a queryset of {value.model.__name__}"
    return type(value).__name__


def _refuse(call: str, wanted: str, given: Any, instead: str = "") -> NoReturn:
    hint = f" Write {instead}." if instead else ""
    raise TypeError(f"{call} takes {wanted}, not {_kind(given)}.{hint}")
