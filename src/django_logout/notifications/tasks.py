"""Work that nobody waits for: after the commit, and through ``django.tasks`` where there is one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.db import transaction

from django_logout.sessions import registry

logger = logging.getLogger("django_logout")


def task(function: Callable[..., None]) -> Any:
    """Make a function of a module one that :func:`after_commit` can start: a task of Django's,
    from 6.0 on. Projects that have no queue of the usual name get it done in place."""
    if find_spec("django.tasks") is None:
        return function
    invalid = import_module("django.tasks.exceptions")
    try:
        return import_module("django.tasks").task(function)
    except (invalid.InvalidTask, invalid.InvalidTaskBackend):
        return function


def after_commit(work: Any, **arguments: Any) -> None:
    """Start it once what is being written is committed, and never if it is rolled back. What goes
    wrong is logged. Arguments have to survive JSON."""
    transaction.on_commit(partial(_start, work, arguments), using=registry.database())


def _start(work: Any, arguments: dict[str, Any]) -> None:
    try:
        getattr(work, "enqueue", work)(**arguments)
    except Exception:
        logger.exception("Work after a login or an ending failed; neither is changed by that.")
