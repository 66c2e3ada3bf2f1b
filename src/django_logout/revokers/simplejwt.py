"""JSON web tokens of djangorestframework-simplejwt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import Token

from django_logout.enums import Scope
from django_logout.revokers.rows import ModelRevoker
from django_logout.sessions import cutoffs, token_logins
from django_logout.sessions.token_logins import SID, as_id
from django_logout.types import Credential, Ending
from django_logout.utils.batches import batched

#: Whether the library keeps a list: the models are abstract where its app is not installed.
LISTED = not OutstandingToken._meta.abstract

#: Tokens that are blacklisted at a time.
BATCH = 5000


class SimpleJwtRevoker(ModelRevoker):
    """Counts the logins by tokens that have ended, which the gate refuses from then on, and
    blacklists the refresh tokens that the library has listed: theirs, and any others."""

    name = token_logins.KIND
    apps = token_logins.APPS
    created_field = "created_at"
    needs_reach = LISTED

    model: type[Model] = OutstandingToken

    @property
    def lifetime(self) -> timedelta:
        """That of the kind of token that lives longest."""
        return longest_lifetime()

    def rows(self) -> QuerySet[Any]:
        """Refresh tokens that could still be used."""
        return super().rows().filter(blacklistedtoken__isnull=True, expires_at__gt=timezone.now())

    def revoke(self, ending: Ending) -> int:
        """Logins, and refresh tokens that are of none."""
        if ending.target.scope is Scope.EVERYONE:  # refused from now on, and not listed
            ended = cutoffs.count_before(ending.at, self.name)
        else:
            ended = sum(session.kind == self.name for session in ending.sessions)
        return ended + super().revoke(ending) if LISTED else ended

    def count_exempt(self, ending: Ending) -> int:
        """None where nothing is listed."""
        return super().count_exempt(ending) if LISTED else 0

    def revoke_rows(self, rows: QuerySet[Any]) -> int:
        """Blacklist them; those of a login have been counted with it."""
        count = 0
        tokens = rows.order_by().values_list("pk", "token").iterator(chunk_size=BATCH)
        for batch in batched(tokens, BATCH):
            _blacklist(rows.db, (pk for pk, _ in batch))
            count += sum(_family(token) is None for _, token in batch)
        return count

    def list(self, user: Any) -> Sequence[Credential]:
        """Refresh tokens that are of no login: those are among the user's sessions."""
        if not LISTED:
            return ()
        rows = self._of([user.pk]).order_by("-pk")
        return [self.describe(row) for row in rows if _family(row.token) is None]

    def describe(self, row: Any) -> Credential:
        """Never the token itself, which the library keeps."""
        return Credential(
            id=self.public_id(row.pk),
            kind=self.name,
            label=_("Refresh token"),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    def presented(self, request: HttpRequest) -> UUID | None:
        """The login that the token in ``request.auth`` is of."""
        auth = getattr(request, "auth", None)
        return as_id(auth.get(SID)) if isinstance(auth, Token) else None

    def connect(self) -> None:
        """Notice what is made in a session."""
        if LISTED:
            super().connect()

    def _known_by(self, rows: QuerySet[Any], ids: frozenset[UUID]) -> Collection[Any]:
        found = rows.order_by().values_list("pk", "token")
        return [pk for pk, token in found if (_family(token) or self.public_id(pk)) in ids]


def longest_lifetime() -> timedelta:
    """No token is good for longer after it was issued, whatever class it is of: the project's own
    may say otherwise than the settings."""
    given = (api_settings.REFRESH_TOKEN_LIFETIME, api_settings.SLIDING_TOKEN_REFRESH_LIFETIME)
    longest: timedelta = max(*given, *(kind.lifetime for kind in _kinds(Token) if kind.lifetime))
    return longest


def _kinds(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield from (each, *_kinds(each))


def _blacklist(database: str, keys: Iterable[Any]) -> None:
    rows = BlacklistedToken._base_manager.using(database)
    rows.bulk_create((BlacklistedToken(token_id=key) for key in keys), ignore_conflicts=True)


def _family(token: str) -> UUID | None:
    """The login that a listed token says it is of. It is our own, and need not be proved."""
    return as_id(jwt.decode(token, options={"verify_signature": False}).get(SID))
