"""Who really acts in a request whose user is impersonated by another."""

from typing import Any

from django.apps import apps
from django.db import Error
from django.http import HttpRequest

from django_logout.exceptions import SessionNotEnded, SessionUnavailable
from django_logout.guard.store import GuardedStore

#: Attribute of a request that holds the user who impersonates its user.
IMPERSONATOR = "_django_logout_impersonator"


def get_impersonator(request: HttpRequest | None) -> Any:
    """Return the user who impersonates the request's user, or ``None`` if no one does.

    Loads nothing. Use ``request.user`` first: the session shows its user when it is loaded.
    """
    if request is None:
        return None
    if found := getattr(request, IMPERSONATOR, None):
        return found
    session = getattr(request, "session", None)
    if isinstance(session, GuardedStore) and "state" in vars(session):
        origins = session.state.origins
        if origins and session.identity is not None:
            return origins[-1].user
    # The middleware of django-impersonate sets this attribute, and keeps the session.
    return getattr(request, "impersonator", None) if apps.is_installed("impersonate") else None


def set_impersonator(request: HttpRequest, user: Any) -> None:
    """Say that ``user`` impersonates the user of this request.

    This is for a project whose middleware replaces ``request.user`` and leaves the session alone.
    Call it in each request, where ``request.user`` is replaced.
    """
    setattr(request, IMPERSONATOR, user)


def find_actor(actor: Any, request: HttpRequest | None) -> Any:
    """Return who really acts: the impersonator in place of the user who is impersonated.

    Raises :class:`SessionNotEnded` if ``actor`` is a lazy ``request.user`` that cannot be loaded.
    """
    if actor is None or request is None:
        return actor
    load_pk(actor)  # This may load the session, which shows whether it is derived.
    impersonator = get_impersonator(request)
    return actor if impersonator is None or not is_user_of(request, actor) else impersonator


def is_user_of(request: HttpRequest | None, user: Any) -> bool:
    """Return whether this is the user of the request.

    Raises :class:`SessionNotEnded` if the user of the request cannot be loaded.
    """
    own = getattr(request, "user", None)
    return own is not None and load_pk(own) == load_pk(user)


def load_pk(user: Any) -> Any:
    """Return the primary key of a user, who may be a lazy ``request.user``; ``None`` for what has none.

    Raises :class:`SessionNotEnded` if the user cannot be loaded.
    """
    try:
        return getattr(user, "pk", None)
    except (Error, SessionUnavailable) as error:
        raise SessionNotEnded("The user who asks for this could not be loaded.") from error
