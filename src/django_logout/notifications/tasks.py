"""Work that runs after the commit, through ``django.tasks`` where Django has it."""

import logging
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.db import transaction

from django_logout.sessions import registry

#: The backends that defer nothing.
IN_PLACE = frozenset({"django.tasks.backends.immediate", "django.tasks.backends.dummy"})

logger = logging.getLogger("django_logout")


def task(function: Callable[..., None]) -> Any:
    """Make a task of a function, for :func:`after_commit`.

    Before Django 6.0, and in projects without a usable default queue, the function is called
    directly.
    """
    if find_spec("django.tasks") is None:
        return function
    invalid = import_module("django.tasks.exceptions")
    try:
        return import_module("django.tasks").task(function)
    except (invalid.InvalidTask, invalid.InvalidTaskBackend):
        return function


def is_deferred(work: Any) -> bool:
    """Return whether a queue runs a task later. Django's default backend runs it at once, and the
    dummy never."""
    if not hasattr(work, "get_backend"):
        return False
    return type(work.get_backend()).__module__ not in IN_PLACE


def after_commit(work: Any, **arguments: Any) -> None:
    """Start a task once the current transaction is committed; a rollback drops it.

    Errors are logged. The arguments have to be JSON-serializable.
    """

    def start() -> None:
        try:
            getattr(work, "enqueue", work)(**arguments)
        except Exception:
            logger.exception(
                "A task after a login or an ending failed. Neither is changed by that."
            )

    transaction.on_commit(start, using=registry.database())
