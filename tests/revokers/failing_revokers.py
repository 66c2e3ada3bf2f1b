"""Revokers for tests, most of which fail in one way or another."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import connection

from django_logout.models import LoginSession
from django_logout.revokers.base import Revoker
from django_logout.types import Ending


class Broken(Revoker):
    """Raises an error whose message has a secret."""

    name = "broken"
    secret = "token s3cr3t"

    def revoke(self, ending: Ending) -> int:
        raise RuntimeError(f"{self.secret} could not be revoked")

    def list(self, user: Any) -> Any:
        raise RuntimeError(f"{self.secret} could not be listed")


class BrokenInSql(Revoker):
    """Fails with a statement, which breaks the transaction on PostgreSQL."""

    name = "broken_in_sql"

    def revoke(self, ending: Ending) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM there_is_no_such_table")
        return 0


class Recorder(Revoker):
    """Records the endings."""

    name = "recorder"
    seen: ClassVar[list[Any]] = []

    def revoke(self, ending: Ending) -> int:
        self.seen.append(ending)
        return 2


class BrokenInModel(Revoker):
    """Fails to save a row. Django marks the transaction as broken then."""

    name = "broken_in_model"

    def revoke(self, ending: Ending) -> int:
        session = ending.sessions[0]
        LoginSession(pk=session.id, user_id=session.user_id).save(force_insert=True)
        return 0


class Unmakable(Revoker):
    """Cannot be created, because its constructor requires an argument."""

    name = "unmakable"

    def __init__(self, client: Any) -> None:
        self.client = client

    def revoke(self, ending: Ending) -> int:
        return 0


class Saboteur(Revoker):
    """Runs ``act`` once, after the sessions were marked as ended and before the commit."""

    name = "saboteur"
    act: ClassVar[Callable[[], None] | None] = None

    def revoke(self, ending: Ending) -> int:
        if self.act is not None:
            act, type(self).act = self.act, None
            act()
        return 0
