"""The revokers at work, one after the other, each behind a fence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import replace
from traceback import format_tb
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils.module_loading import import_string

from django_logout.enums import Scope
from django_logout.revokers import REVOKERS, instances, paths
from django_logout.revokers.base import Revoker
from django_logout.revokers.reach import find_reach
from django_logout.sessions import registry
from django_logout.types import Credential, Ending, Outcome, Reach

logger = logging.getLogger("django_logout")


def revoke(ending: Ending, *, only: Collection[str] | None = None) -> tuple[Outcome, ...]:
    """Let all revokers work, or only those with these names; see what each came to."""
    wanted = _wanted(only)
    if any(_flag(path, "needs_reach") for path in wanted):
        ending = replace(ending, reach=_reach(ending))
    return tuple(_ended_by(path, ending) for path in wanted)


def announce(ending: Ending, *, only: Collection[str] | None = None) -> tuple[Outcome, ...]:
    """Let those that tell others of an ending do that, now that it is committed; gives what has
    failed."""

    def tell(revoker: Revoker) -> Outcome:
        revoker.announce(ending)
        return Outcome(revoker.name)

    telling = [path for path in _wanted(only) if _flag(path, "announces")]
    told = (_fenced(path, tell) for path in telling)
    return tuple(outcome for outcome in told if outcome.error)


def _reach(ending: Ending) -> Reach:
    """A client that ends the others by a token keeps that."""
    found, others = find_reach(ending), ending.target.scope is Scope.OTHERS
    own = presented(ending.target.value) if others else None
    return (
        found
        if own is None
        else replace(found, excluded_ids={**found.excluded_ids, "*": frozenset([own])})
    )


def credentials(user: Any) -> list[Credential]:
    """The user's tokens of every kind, as they may be shown; without those of a revoker that
    fails."""
    return [found for revoker in instances() for found in _quietly(revoker, revoker.list, user, ())]


def titles() -> dict[str, Any]:
    """What the credentials of each kind are called on the page of a user's sessions."""
    return {revoker.name: revoker.title for revoker in instances()}


def presented(request: HttpRequest) -> UUID | None:
    """The id of the token by which a request was let in, if it was one."""
    found = (_quietly(revoker, revoker.presented, request, None) for revoker in instances())
    return next((credential_id for credential_id in found if credential_id), None)


def _quietly(revoker: Revoker, work: Callable[[Any], Any], argument: Any, default: Any) -> Any:
    try:
        return work(argument)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is logged
        _log(revoker.name, error, "what it knows is not shown")
        return default


def _wanted(only: Collection[str] | None) -> list[str]:
    return [path for path in paths() if only is None or _name(path) in only]


def _name(path: str) -> str:
    """As an outcome has it: the path, for one that cannot be imported."""
    try:
        return str(import_string(path).name)
    except Exception:  # noqa: BLE001 - whatever it is, it comes up again when it is to work
        return path


def _flag(path: str, what: str) -> bool:
    try:
        return bool(getattr(import_string(path), what))
    except Exception:  # noqa: BLE001 - likewise
        return False


def _ended_by(path: str, ending: Ending) -> Outcome:
    # A statement that fails breaks the whole transaction on some databases, a failed save() on
    # all of them; a savepoint keeps that inside the fence. Our own two need none.
    savepoint = nullcontext() if path in REVOKERS else transaction.atomic(registry.database())

    def end(revoker: Revoker) -> Outcome:
        with savepoint:
            return Outcome(
                revoker.name, revoker.revoke(ending), exempt=revoker.count_exempt(ending)
            )

    return _fenced(path, end)


def _fenced(path: str, work: Callable[[Revoker], Outcome]) -> Outcome:
    name, essential = path, False
    try:
        revoker: Revoker = import_string(path)()
        name, essential = revoker.name, revoker.essential
        return work(revoker)
    except Exception as error:
        if essential:
            raise
        _log(name, error, "the sessions have ended all the same")
        return Outcome(name, error=type(error).__name__)


def _log(name: str, error: Exception, and_so: str) -> None:
    # The class, and where: a message may hold a secret, and so may the variables of a traceback.
    kind, where = type(error).__name__, "".join(format_tb(error.__traceback__))
    logger.error("Revoker %r failed with %s; %s.\n%s", name, kind, and_so, where)
