"""May a session that the engine has loaded be served? It has neither ended nor expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from django_logout import expiry, gate
from django_logout.registry import Identity
from django_logout.truth import Standing
from django_logout.types import Reason

if TYPE_CHECKING:
    from django_logout.guard import GuardedStore


def of(session: GuardedStore, identity: Identity) -> Standing:
    """Whether a session that has been loaded is served: it has neither ended nor expired."""
    found = by_gate(session, identity)
    if found.alive:
        found = expiry.recall(identity) or session.ask_expiry(identity)
    return found


async def aof(session: GuardedStore, identity: Identity) -> Standing:
    """Like :func:`of`; leaves the event loop only when the row must be asked."""
    found = await aby_gate(session, identity)
    if found.alive:
        found = expiry.recall(identity) or await sync_to_async(session.ask_expiry)(identity)
    return found


def by_gate(session: GuardedStore, identity: Identity) -> Standing:
    """Ask the gate, unless what the engine has loaded settles it."""
    return _settled(session, identity) or gate.ask(identity)


async def aby_gate(session: GuardedStore, identity: Identity) -> Standing:
    """Like :func:`by_gate`."""
    return _settled(session, identity) or await gate.aask(identity)


def _settled(session: GuardedStore, identity: Identity) -> Standing | None:
    if session.watch.cut_off is None or not identity.registered:
        return None
    cut = identity.begun < session.watch.cut_off
    return Standing(False, Reason.CUTOFF) if cut else Standing(True)
