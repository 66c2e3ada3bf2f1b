"""May a session that the engine has loaded be served? It has neither ended nor expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from django_logout import expiry, gate, prefetch
from django_logout.prefetch import Prefetched
from django_logout.registry import Identity
from django_logout.truth import Standing
from django_logout.vocabulary import Reason

if TYPE_CHECKING:
    from django_logout.guard import GuardedStore


def of(session: GuardedStore, identity: Identity, prefetched: Prefetched = None) -> Standing:
    """Whether a session that has been loaded is served: it has neither ended nor expired."""
    found = by_gate(session, identity, prefetched)
    if found.alive:
        found = expiry.recall(identity) or session.ask_expiry(identity)
    return found


async def aof(session: GuardedStore, identity: Identity, prefetched: Prefetched) -> Standing:
    """Like :func:`of`; leaves the event loop only when the row must be asked."""
    found = await aby_gate(session, identity, prefetched)
    if found.alive:
        found = expiry.recall(identity) or await sync_to_async(session.ask_expiry)(identity)
    return found


def by_gate(session: GuardedStore, identity: Identity, prefetched: Prefetched = None) -> Standing:
    """Ask the gate, unless what the engine has loaded settles it."""
    cut_off = _is_cut_off(session, identity)
    if cut_off is None:
        return gate.ask(identity, prefetch.recall(session, identity, prefetched))
    return _why_cut_off(identity) if cut_off else Standing(True)


async def aby_gate(session: GuardedStore, identity: Identity, prefetched: Prefetched) -> Standing:
    """Like :func:`by_gate`."""
    cut_off = _is_cut_off(session, identity)
    if cut_off is None:
        return await gate.aask(identity, prefetch.recall(session, identity, prefetched))
    return await sync_to_async(_why_cut_off)(identity) if cut_off else Standing(True)


def _is_cut_off(session: GuardedStore, identity: Identity) -> bool | None:
    if session.watch.cut_off is None or not identity.registered:
        return None
    return identity.begun < session.watch.cut_off


def _why_cut_off(identity: Identity) -> Standing:
    found = gate.ask_row(identity)
    return Standing(False, Reason.CUTOFF) if found.alive else found
