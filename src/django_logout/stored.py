"""All sessions that the project's engine holds, where it can be asked for them.

With ``engines``, the only module that reads what an engine has stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone

from django_logout import engines, registry
from django_logout.models import LoginSession

#: Sessions that are read, and decoded, at a time.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """A session as its engine holds it."""

    key: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    expires: datetime


Batches = Iterator[list[Stored]]


def listed() -> tuple[int, Batches] | None:
    """How many live sessions the engine holds that the registry may not know, and those, in
    batches; ``None`` if they cannot be listed: they lie in no table beside the registry."""
    engine = engines.current()
    if engine.model is not None:
        rows = _rows(engine.model)
        return rows.count(), _from_table(engine.store, rows)
    if engines.descends(engine.store, "file"):
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
        yield [Stored(key, decode(data), expires) for key, data, expires in found]


def _file_keys(store: type[Any]) -> list[str]:
    some, folder = store(), store().storage_path
    names = (path.name for path in Path(folder).iterdir())
    prefix = some.file_prefix
    return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def _from_files(store: type[Any], keys: list[str]) -> Batches:
    names = iter(keys)
    while batch := list(islice(names, BATCH)):
        yield [_from_file(store, key) for key in batch]


def _from_file(store: type[Any], key: str) -> Stored:
    session = store(key)
    session.create = lambda: None  # as Django's clear_expired() does: load() makes a new one else
    data = session.load()
    age = session.get_expiry_age(expiry=session._expiry_date(data))
    return Stored(key, data, timezone.now() + timedelta(seconds=age))
