"""Revoke JSON web tokens of djangorestframework-simplejwt."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.state import token_backend
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import Token

from django_logout.enums import Scope
from django_logout.revokers.rows import ModelRevoker
from django_logout.sessions import cutoffs, token_logins
from django_logout.sessions.token_logins import SID, as_id
from django_logout.types import Credential, Ending
from django_logout.utils.bounded import batched

#: Whether the library lists refresh tokens. Its models are abstract if its app is not installed.
LISTED = not OutstandingToken._meta.abstract

#: Number of tokens that are blacklisted by one query.
BATCH = 5000


class SimpleJwtRevoker(ModelRevoker):
    """Counts the ended token logins, and blacklists the refresh tokens that the library lists.

    The guard refuses all tokens of an ended login; the blacklist also covers tokens without one.
    """

    name = token_logins.KIND
    apps = token_logins.APPS
    created_field = "created_at"
    needs_reach = LISTED

    model: type[Model] = OutstandingToken

    @property
    def lifetime(self) -> timedelta:
        """The lifetime of the type of token that lives longest.

        All token classes are considered, because those of the project may ignore the settings.
        """
        longest: timedelta = max(
            api_settings.REFRESH_TOKEN_LIFETIME, api_settings.SLIDING_TOKEN_REFRESH_LIFETIME
        )
        classes = [Token]
        for token_class in classes:
            classes += token_class.__subclasses__()
            longest = max(longest, token_class.lifetime or longest)
        return longest

    def rows(self) -> QuerySet[Any]:
        """Return the refresh tokens that are neither expired nor blacklisted."""
        return super().rows().filter(blacklistedtoken__isnull=True, expires_at__gt=timezone.now())

    def revoke(self, ending: Ending) -> int:
        """Return the number of ended logins and of revoked refresh tokens without a login."""
        if ending.target.scope is Scope.EVERYONE:
            # A cutoff refuses all earlier logins from now on, so the ending lists none.
            ended = cutoffs.count_before(ending.at, self.name)
        else:
            ended = sum(session.kind == self.name for session in ending.sessions)
        return ended + super().revoke(ending) if LISTED else ended

    def count_exempt(self, ending: Ending) -> int:
        """Return the number of exempt refresh tokens that the library lists."""
        return super().count_exempt(ending) if LISTED else 0

    def revoke_rows(self, rows: QuerySet[Any]) -> int:
        """Blacklist the tokens, and count those that belong to no login. :meth:`revoke` has counted
        the others with their login."""
        count, blacklist = 0, BlacklistedToken._base_manager.using(rows.db)
        tokens = rows.order_by().values_list("pk", "token").iterator(chunk_size=BATCH)
        for batch in batched(tokens, BATCH):
            blacklist.bulk_create(
                (BlacklistedToken(token_id=pk) for pk, _ in batch), ignore_conflicts=True
            )
            count += sum(login_id_in(token) is None for _, token in batch)
        return count

    def list(self, user: Any) -> Sequence[Credential]:
        """Return the refresh tokens without a login. The user's sessions include the logins."""
        if not LISTED:
            return ()
        rows = self._rows_of([user.pk]).order_by("-pk")
        return [self.describe(row) for row in rows if login_id_in(row.token) is None]

    def describe(self, row: Any) -> Credential:
        """Return the row without the token, which the library stores in plain text."""
        return self._describe(row, _("Refresh token"), expires_at=row.expires_at)

    def presented(self, request: HttpRequest) -> UUID | None:
        """Return the login of the token in ``request.auth``."""
        auth = getattr(request, "auth", None)
        return as_id(auth.get(SID)) if isinstance(auth, Token) else None

    def login_ids(self, values: Collection[str]) -> Iterator[UUID | None]:
        """Yield the logins of the JSON web tokens among these values."""
        for value in values:
            with suppress(TokenBackendError):
                yield as_id(token_backend.decode(value).get(SID))

    def connect(self) -> None:
        """Bind each refresh token that the library lists to the session in which it is created."""
        if LISTED:
            super().connect()

    def _pks_of(self, rows: QuerySet[Any], ids: frozenset[UUID]) -> Collection[Any]:
        found = rows.order_by().values_list("pk", "token")
        return [pk for pk, token in found if (login_id_in(token) or self.public_id(pk)) in ids]


def login_id_in(token: str) -> UUID | None:
    """Return the login of a token in the library's list, or ``None`` if the token names none."""
    try:  # The library stores its own tokens only, so the signature need not be verified.
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:  # Code may list what is no token.
        return None
    return as_id(claims.get(SID))
