"""Run the revokers one after the other, each fenced: an error of one does not stop the ending."""

import logging
from collections.abc import Callable, Collection, Sequence
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
from django_logout.types import Credential, Ending, Outcome
from django_logout.utils.transactions import will_retry

logger = logging.getLogger("django_logout")


def run_revokers(ending: Ending, *, only: Collection[str] | None = None) -> tuple[Outcome, ...]:
    """Run all revokers, or only those with these names, and return what each did."""
    wanted = _wanted(only)
    if any(_attribute(path, "needs_reach", False) for path in wanted):
        own = presented(ending.target.value) if ending.target.scope is Scope.OTHERS else None
        ending = replace(ending, reach=find_reach(ending, own))
    return tuple(_run(path, ending) for path in wanted)


def announce_ending(ending: Ending, *, only: Collection[str] | None = None) -> tuple[Outcome, ...]:
    """Let revokers tell others of an ending that is committed, and return what failed."""

    def announce(revoker: Revoker) -> Outcome:
        revoker.announce(ending)
        return Outcome(revoker.name)

    announcing = [path for path in _wanted(only) if _attribute(path, "announces", False)]
    return tuple(outcome for path in announcing if (outcome := _fenced(path, announce)).error)


def credentials(user: Any) -> list[Credential]:
    """Return the user's tokens of every kind, as they may be shown.

    Those of a revoker that fails are missing.
    """
    return [found for revoker in instances() for found in _quietly(revoker, revoker.list, user, ())]


def titles() -> dict[str, Any]:
    """Return what the credentials of each kind are called on the page of a user's sessions."""
    return {revoker.name: revoker.title for revoker in instances()}


def presented(request: HttpRequest) -> UUID | None:
    """Return the id of the token that let a request in, if it was one."""
    found = (_quietly(revoker, revoker.presented, request, None) for revoker in instances())
    return next((credential_id for credential_id in found if credential_id), None)


def logins_of_tokens(values: Collection[str]) -> list[UUID | None]:
    """Return the logins of those of these values that are valid tokens of any kind.

    ``None`` stands for a token that names no login, and stays valid.
    """
    return [
        login_id
        for revoker in instances()
        for login_id in _quietly(revoker, lambda each: [*each.login_ids(values)], revoker, ())
    ]


def _run(path: str, ending: Ending) -> Outcome:
    def revoke(revoker: Revoker) -> Outcome:
        if path in REVOKERS:  # Sessions and cookies, of which none is exempt.
            return Outcome(revoker.name, revoker.revoke(ending))
        # A failed statement breaks the whole transaction on some databases, a failed save() on all.
        # A savepoint keeps that inside the fence.
        with transaction.atomic(registry.database()):
            count = revoker.revoke(ending)
            return Outcome(revoker.name, count, exempt=revoker.count_exempt(ending))

    return _fenced(path, revoke)


def _fenced(path: str, work: Callable[[Revoker], Outcome]) -> Outcome:
    name, essential = path, False
    try:
        revoker: Revoker = import_string(path)()
        name, essential = revoker.name, revoker.essential
        return work(revoker)
    except Exception as error:
        if essential or will_retry(error):
            raise
        _log(name, error, "the sessions have ended all the same")
        return Outcome(name, error=type(error).__name__)


def _wanted(only: Collection[str] | None) -> Sequence[str]:
    # An outcome names a revoker that cannot be imported by its path.
    return [path for path in paths() if only is None or _attribute(path, "name", path) in only]


def _attribute(path: str, name: str, default: Any) -> Any:
    """Return an attribute of a revoker, or the default if the revoker cannot be imported."""
    try:
        return getattr(import_string(path), name)
    except Exception:  # noqa: BLE001 - it is raised and logged again when the revoker runs
        return default


def _quietly(revoker: Revoker, work: Callable[[Any], Any], argument: Any, default: Any) -> Any:
    try:
        return work(argument)
    except Exception as error:  # noqa: BLE001 - a page must not fail because of one revoker
        _log(revoker.name, error, "its credentials are not shown")
        return default


def _log(name: str, error: Exception, consequence: str) -> None:
    # The class, and where: a message may hold a secret, and so may the variables of a traceback.
    kind, where = type(error).__name__, "".join(format_tb(error.__traceback__))
    logger.error("Revoker %r failed with %s; %s.\n%s", name, kind, consequence, where)
