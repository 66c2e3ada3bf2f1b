"""Fill the table of any model fast, with one INSERT … SELECT."""

from __future__ import annotations

from datetime import timedelta
from hashlib import md5
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connection, models
from django.utils import timezone

PASSWORD = "pw"
#: Has the length that Django asks for: it would renew a hash with a shorter salt at the first
#: login, and that ends all sessions.
SALT = "salt" * 6
#: Number of the users whose sessions are measured; the other users have higher ids.
PEOPLE = 4_000
EACH = 5


def fill(model: type[models.Model], first: int, last: int, **given: str) -> None:
    """Insert rows ``first`` to ``last - 1``. ``given`` are SQL expressions of the row number ``i``."""
    now = timezone.now()
    columns, expressions, values = [], [], []
    for field in model._meta.concrete_fields:
        if field.attname in given:
            expression = given[field.attname]
        elif isinstance(field, models.AutoField):
            continue
        elif isinstance(field, models.UUIDField) and field.primary_key:
            expression = _uuid("MD5('id' || {})".format(given["session_key"]))
        else:
            expression = "%s"
            value: Any = field.get_default()
            if isinstance(field, models.DateTimeField) and not field.null:
                value = now + timedelta(days=1) if field.name.startswith("expire") else now
            elif isinstance(field, models.GenericIPAddressField):
                value = "127.0.0.1"
            values.append(field.get_db_prep_save(value, connection))
        columns.append(connection.ops.quote_name(field.column))
        expressions.append(expression)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "
            f"WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n "
            f"WHERE i + 1 < {last}) SELECT {', '.join(expressions)} FROM n",
            values,
        )


def _uuid(digest: str) -> str:
    random = f"substr({digest}, 1, 12) || '4' || substr({digest}, 14)"  # version 4
    return f"CAST({random} AS uuid)" if connection.features.has_native_uuid_field else random


def people(first: int, last: int) -> None:
    """Insert users with the ids ``first`` to ``last - 1``."""
    password = make_password(PASSWORD, salt=SALT)
    fill(get_user_model(), first, last, id="i", username="'u' || i", password=f"'{password}'")


def crowd(tables: list[type[models.Model]], before: int, rows: int) -> None:
    """Grow tables from ``before`` to ``rows`` sessions of users who are not measured."""
    user = get_user_model().objects.get(pk=PEOPLE)
    people(PEOPLE + 1 + before // EACH, PEOPLE + 1 + rows // EACH)
    for table in tables:
        fill(table, before, rows, **_session("crowd", f"{PEOPLE + 1} + i / {EACH}", user))
    analyze = "VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE"
    with connection.cursor() as cursor:
        cursor.execute(analyze)


def give(tables: list[type[models.Model]], user: Any, sessions: int) -> list[str]:
    """Insert so many sessions of a user and return their keys."""
    if sessions:
        for table in tables:
            fill(table, 0, sessions, **_session(f"{user.pk}-", str(user.pk), user))
    return [md5(f"{user.pk}-{i}".encode()).hexdigest() for i in range(sessions)]


def _session(prefix: str, user_id: str, user: Any) -> dict[str, str]:
    from django.contrib.sessions.backends.db import SessionStore  # encodes like all the others

    data = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    return {
        "session_key": f"MD5('{prefix}' || i)",
        "user_id": user_id,
        "session_data": f"'{SessionStore().encode(data)}'",
    }
