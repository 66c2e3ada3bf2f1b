"""Work that runs after the commit, through ``django.tasks`` where Django has it, or the package
``django_tasks`` where the project has set ``TASKS``."""

import logging
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.db import transaction

from django_logout.sessions import registry

#: The backends that defer nothing.
IN_PLACE = frozenset(
    f"{tasks}.backends.{name}"
    for tasks in ("django.tasks", "django_tasks")
    for name in ("immediate", "dummy")
)

logger = logging.getLogger("django_logout")


def task(function: Callable[..., None]) -> Any:
    """Make a task of a function, for :func:`after_commit`.

    Without ``django.tasks``, and in projects without a usable default queue, which the log says, the
    function is called directly.
    """
    if find_spec("django.tasks"):
        module = "django.tasks"
    elif getattr(settings, "TASKS", None) and find_spec("django_tasks"):
        module = "django_tasks"
    else:
        return function
    try:
        return import_module(module).task(function)
    except Exception:  # Each backend has errors of its own for a queue that it does not have.
        text = "TASKS has no queue for %s, so it is called directly."
        logger.warning(text, function.__name__, exc_info=True)
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
