"""End a login when its refresh token is blacklisted, by whatever code (djangorestframework-simplejwt).

The library's own ``blacklist()``, its views and its admin refuse the refresh token only. The access
tokens of the login would be accepted until they expire, and it would still be listed.
"""

from collections.abc import Collection, Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.guard.presented import BLACKLISTED
from django_logout.revokers.simplejwt import login_id_in
from django_logout.sessions import registry
from django_logout.types import Target
from django_logout.utils.context import current_request
from django_logout.utils.transactions import in_transaction


def on_blacklisted(instance: Any, created: bool, raw: bool, using: str, **kwargs: Any) -> None:
    """End the login of a refresh token that was blacklisted."""
    if created and not raw:
        end_blacklisted([instance], using)


def on_listed(instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
    """Notice that a blacklisted token was replaced by a new one of the same login, which goes on."""
    noted: set[UUID] = getattr(current_request.get(), BLACKLISTED, set())
    if created and not raw and noted:
        noted.discard(login_id_in(instance.token))


class BlacklistedQuerySet(QuerySet[Any]):
    """The queryset of the blacklist. It notices tokens that are blacklisted in bulk, for which
    Django sends no signals."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        """Blacklist tokens, and end their logins."""
        rows = super().bulk_create(objs, *args, **kwargs)
        end_blacklisted(rows, self.db)
        return rows


def connect_queryset() -> None:
    """Let the blacklist's manager use that queryset."""
    manager: Any = BlacklistedToken._default_manager
    manager._queryset_class = BlacklistedQuerySet


def end_blacklisted(rows: Collection[Any], using: str) -> None:
    """End the logins of these rows of the blacklist, once they are committed.

    Within a request this is done after the view, because a token that is exchanged for a new one is
    blacklisted too, and its login goes on.
    """
    tokens = [row.token.token for row in rows]
    login_ids = {login_id for token in tokens if (login_id := login_id_in(token))}
    if not login_ids:
        return
    request = current_request.get()
    if request is None:
        end: Any = partial(end_logins, login_ids, None)
    else:
        end = partial(vars(request).setdefault(BLACKLISTED, set()).update, login_ids)
    if in_transaction(using):
        transaction.on_commit(end, using=using)
    else:
        end()


def end_logins(login_ids: Collection[UUID], request: HttpRequest | None) -> None:
    """End these logins. A request without a user has presented the tokens of their owner.

    Raises :class:`SessionNotEnded`.
    """
    owners = list(registry.users().filter(login_sessions__in=login_ids).distinct()[:2])
    owner, user = owners[0] if len(owners) == 1 else None, getattr(request, "user", None)
    actor = user if user is not None and user.is_authenticated else owner
    reason = None
    if request is not None:
        reason = Reason.USER if actor == owner else Reason.ADMIN
    target = Target.sessions(login_ids)
    pipeline.end_sessions(target, reason=reason, actor=actor, request=request)
