"""The revokers at work, one after the other, each behind a fence."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import nullcontext

from django.db import transaction
from django.utils.module_loading import import_string

from django_logout import registry
from django_logout.conf import logout_settings
from django_logout.revokers.base import Revoker
from django_logout.types import Ending, Outcome

logger = logging.getLogger("django_logout")

REVOKERS = (
    "django_logout.revokers.session.SessionRevoker",
    "django_logout.revokers.cookies.CookieRevoker",
)


def revoke(ending: Ending, *, only: Collection[str] | None = None) -> tuple[Outcome, ...]:
    """Let all revokers work, or only those with these names; see what each came to."""
    paths = (*REVOKERS, *logout_settings().REVOKERS)
    return tuple(_fenced(path, ending) for path in paths if only is None or _name(path) in only)


def _name(path: str) -> str:
    """As an outcome has it: the path, for one that cannot be imported."""
    try:
        return str(import_string(path).name)
    except Exception:  # noqa: BLE001 - whatever it is, it comes up again when it is to work
        return path


def _fenced(path: str, ending: Ending) -> Outcome:
    name, essential = path, False
    # A statement that fails breaks the whole transaction on some databases, a failed save() on
    # all of them; a savepoint keeps that inside the fence. Our own two need none.
    savepoint = nullcontext() if path in REVOKERS else transaction.atomic(registry.database())
    try:
        revoker: Revoker = import_string(path)()
        name, essential = revoker.name, revoker.essential
        with savepoint:
            return Outcome(name, revoker.ends(ending))
    except Exception as error:
        if essential:
            raise
        logger.exception("Revoker %r failed; the sessions have ended all the same.", name)
        # The class only: a message may hold a secret.
        return Outcome(name, error=type(error).__name__)
