"""Write rows for the sessions that were active before the package was installed.

Without this, each of them gets its row when it is first loaded. Besides ``sessions.engines``, this
is the only module that reads the engine's storage.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.contrib.auth import HASH_SESSION_KEY, get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from django_logout.models import LoginSession
from django_logout.sessions import adoption, cutoffs, engines, registry
from django_logout.sessions.engines import Engine, StoredSession
from django_logout.sessions.identity import Identity, identify
from django_logout.sessions.status import auth_hash_matches
from django_logout.utils.bounded import batched, batched_rows

#: How many sessions are read and decoded together.
BATCH = 500


class Adopted(NamedTuple):
    """The result of :func:`adopt_sessions`."""

    listed: bool
    "Whether the engine can list its sessions."
    seen: int = 0
    adopted: int = 0
    refused: str = ""
    "Why sessions without an id are not adopted any more."


def adopt_sessions(
    *, dry_run: bool = False, progress: Callable[[int, int], Any] = lambda done, total: None
) -> Adopted:
    """Write the missing rows. An interrupted run can be repeated: it continues where it stopped."""
    found = _stored_sessions()
    if found is None:
        return Adopted(listed=False)
    window = adoption.adoption_window()
    if refused := window.why_refused():
        return Adopted(listed=True, refused=refused)
    (total, batches), seen, adopted = found, 0, 0
    for batch in batches:
        accepted = [each for each in batch if not window.why_refused(each.written_at)]
        adopted += registry.adopt_sessions(_served(accepted), dry_run=dry_run)
        seen += len(batch)
        progress(min(seen, total), total)
    return Adopted(listed=True, seen=seen, adopted=adopted)


def _served(batch: list[StoredSession]) -> Iterator[tuple[Identity, StoredSession]]:
    """Yield the logged-in sessions that Django would serve, and that have no id yet."""
    model = get_user_model()
    logged_in = []
    for session in batch:
        identity = identify(session.data, session.key)
        if identity is not None and not identity.registered:
            try:
                logged_in.append((model._meta.pk.to_python(identity.user_id), identity, session))
            except ValidationError:
                continue
    users = model._base_manager.using(registry.database()).in_bulk({pk for pk, *_ in logged_in})
    refused = cutoffs.refuses_unknown(users)
    for pk, identity, session in logged_in:
        user: Any = users.get(pk)
        if user is None or not getattr(user, "is_active", True) or pk in refused:
            continue
        if auth_hash_matches(user, session.data.get(HASH_SESSION_KEY, "")):
            yield identity, session


def _stored_sessions() -> tuple[int, Iterator[list[StoredSession]]] | None:
    """Return the number of stored sessions without a known key, and the sessions in batches.

    Return ``None`` if the engine cannot list them, because they are not in the registry's database.
    """
    engine = engines.current_engine()
    if engine.model is not None:
        rows = engine.model._base_manager.using(registry.database())
        # A session whose key the registry holds has a row, and need not be decoded.
        known = LoginSession.objects.filter(session_key=OuterRef("session_key"))
        unknown = rows.filter(~Exists(known), expire_date__gt=timezone.now())
        return unknown.count(), _from_table(engine, unknown)
    if engines.is_backend(engine.store, "file"):
        store = engine.open_unguarded()
        prefix, folder = store.file_prefix, Path(store.storage_path)
        names = sorted(path.name for path in folder.iterdir() if path.name.startswith(prefix))
        sessions = (_from_file(engine, name.removeprefix(prefix)) for name in names)
        return len(names), batched(sessions, BATCH)
    return None


def _from_table(engine: Engine, rows: QuerySet[Any]) -> Iterator[list[StoredSession]]:
    decode, fields = engine.open_unguarded().decode, ("session_key", "session_data", "expire_date")
    for batch in batched_rows(rows, *fields, size=BATCH):
        yield [StoredSession(key, decode(data), expires) for _, key, data, expires in batch]


def _from_file(engine: Engine, key: str) -> StoredSession:
    session = engine.open_unguarded(key)
    # load() creates a new session if the file has expired. Django's clear_expired() avoids that
    # in the same way.
    session.create = lambda: None
    data = session.load()
    age = session.get_expiry_age(expiry=session._expiry_date(data))
    expires = timezone.now() + timedelta(seconds=age)
    return StoredSession(key, data, expires, engine.written_at(session, key) if data else None)
