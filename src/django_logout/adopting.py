"""Register all sessions that were alive before the package was installed, at one go.

Without it they are registered one by one, when each is first seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, get_user_model
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare

from django_logout import registry, stored, truth
from django_logout.registry import Identity
from django_logout.stored import Stored


@dataclass(frozen=True, slots=True)
class Adopted:
    """What came of it."""

    listed: bool
    "Whether the engine can list its sessions at all."
    seen: int = 0
    adopted: int = 0


def adopt(
    *, dry_run: bool = False, progress: Callable[[int, int], Any] = lambda done, total: None
) -> Adopted:
    """Adopt them. Can be stopped at any moment, and begun again: it takes up where it was."""
    listed = stored.listed()
    if listed is None:
        return Adopted(listed=False)
    (total, batches), seen, adopted = listed, 0, 0
    for batch in batches:
        found = list(_served(batch))
        adopted += registry.adopt_all(found, dry_run=dry_run)
        seen += len(batch)
        progress(min(seen, total), total)
    return Adopted(listed=True, seen=seen, adopted=adopted)


def _served(batch: Iterable[Stored]) -> Iterator[tuple[Identity, Stored]]:
    """Those of the sessions that are somebody's, and that Django would serve."""
    model = get_user_model()
    theirs = []
    for session in batch:
        identity = registry.identify(session.data, session.key)
        if identity is not None and not identity.registered:
            try:
                theirs.append((model._meta.pk.to_python(identity.user_id), identity, session))
            except ValidationError:
                continue
    users = model._base_manager.using(registry.database()).in_bulk({pk for pk, *_ in theirs})
    refused = truth.refuses_unknown(users)
    for pk, identity, session in theirs:
        user: Any = users.get(pk)
        if user is not None and pk not in refused and _is_let_in(user, session):
            yield identity, session


def _is_let_in(user: Any, session: Stored) -> bool:
    if not getattr(user, "is_active", True):
        return False
    if not hasattr(user, "get_session_auth_hash"):
        return True
    given = session.data.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(given, each) for each in hashes)
