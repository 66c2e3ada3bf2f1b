"""Register all sessions that were alive before the package was installed, at one go.

Without it they are registered one by one, when each is first seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from django_logout.models import LoginSession
from django_logout.sessions import cutoffs, engines, registry
from django_logout.sessions.engines import StoredSession
from django_logout.sessions.identity import Identity, identify

#: Sessions that are read, and decoded, at a time.
BATCH = 500


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
    there = listed()
    if there is None:
        return Adopted(listed=False)
    (total, batches), seen, adopted = there, 0, 0
    for batch in batches:
        found = list(_served(batch))
        adopted += registry.adopt_all(found, dry_run=dry_run)
        seen += len(batch)
        progress(min(seen, total), total)
    return Adopted(listed=True, seen=seen, adopted=adopted)


def _served(batch: Iterable[StoredSession]) -> Iterator[tuple[Identity, StoredSession]]:
    """Those of the sessions that are somebody's, and that Django would serve."""
    model = get_user_model()
    theirs = []
    for session in batch:
        identity = identify(session.data, session.key)
        if identity is not None and not identity.registered:
            try:
                theirs.append((model._meta.pk.to_python(identity.user_id), identity, session))
            except ValidationError:
                continue
    users = model._base_manager.using(registry.database()).in_bulk({pk for pk, *_ in theirs})
    refused = cutoffs.refuses_unknown(users)
    for pk, identity, session in theirs:
        user: Any = users.get(pk)
        if user is not None and pk not in refused and _is_let_in(user, session):
            yield identity, session


def _is_let_in(user: Any, session: StoredSession) -> bool:
    if not getattr(user, "is_active", True):
        return False
    if not hasattr(user, "get_session_auth_hash"):
        return True
    given = session.data.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(given, each) for each in hashes)


# All sessions that the project's engine holds, where it can be asked for them.
#
# With ``sessions.engines``, the only module that reads what an engine has stored.


Batches = Iterator[list[StoredSession]]


def listed() -> tuple[int, Batches] | None:
    """How many live sessions the engine holds that the registry may not know, and those, in
    batches; ``None`` if they cannot be listed: they lie in no table beside the registry."""
    engine = engines.current()
    if engine.model is not None:
        rows = _rows(engine.model)
        return rows.count(), _from_table(engine.store, rows)
    if engines.is_backend(engine.store, "file"):
        keys = _file_keys(engine.store)
        return len(keys), _from_files(engine.store, keys)
    return None


def _rows(model: type[Model]) -> QuerySet[Any]:
    rows = model._base_manager.using(registry.database()).order_by("pk")
    # Keys that the registry holds need no decoding.
    known = LoginSession.objects.filter(session_key=OuterRef("session_key"))
    alive: QuerySet[Any] = rows.filter(~Exists(known), expire_date__gt=timezone.now())
    return alive


def _from_table(store: type[Any], rows: QuerySet[Any]) -> Batches:
    decode, last = store().decode, ""
    while True:
        after = rows.filter(pk__gt=last)
        found = list(after.values_list("session_key", "session_data", "expire_date")[:BATCH])
        if not found:
            return
        last = found[-1][0]
        yield [StoredSession(key, decode(data), expires) for key, data, expires in found]


def _file_keys(store: type[Any]) -> list[str]:
    some, folder = store(), store().storage_path
    names = (path.name for path in Path(folder).iterdir())
    prefix = some.file_prefix
    return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def _from_files(store: type[Any], keys: list[str]) -> Batches:
    names = iter(keys)
    while batch := list(islice(names, BATCH)):
        yield [_from_file(store, key) for key in batch]


def _from_file(store: type[Any], key: str) -> StoredSession:
    session = store(key)
    session.create = lambda: None  # as Django's clear_expired() does: load() makes a new one else
    data = session.load()
    age = session.get_expiry_age(expiry=session._expiry_date(data))
    return StoredSession(key, data, timezone.now() + timedelta(seconds=age))
