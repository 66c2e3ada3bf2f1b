"""Logins of applications, and the tokens that belong to each.

A login is known by a key: that of its authorization code until a token is obtained, then that of
its token family or its single token.
"""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.db import router
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from oauth2_provider import models
from oauth2_provider.settings import oauth2_settings

from django_logout.conf import as_timedelta
from django_logout.revokers import bindings
from django_logout.types import Credential

#: The kind of these credentials.
NAME = "oauth_token"


def key_of(what: str, row: Any) -> str:
    """Return the key of an authorization code (``code``), of an ID token that was issued without an
    access token (``id``), or of an access token that was issued without a refresh token
    (``access``)."""
    return f"{what}:{row.pk}"


def refresh_key(refresh: Any) -> str:
    """Return the key of a token family: a refresh token and all that it descends from or is
    refreshed to. Tokens issued by django-oauth-toolkit before version 3 have no family."""
    family = refresh.token_family
    return f"family:{family}" if family else key_of("refresh", refresh)


def public_id(key: str) -> UUID:
    """Return the id of a login that its user may see."""
    return bindings.public_id(NAME, key)


def registration_scope() -> str | None:
    """Return the scope of the tokens that manage a registered client (RFC 7592). Versions of
    django-oauth-toolkit before 3.4 register none."""
    scope: str | None = getattr(oauth2_settings, "DCR_REGISTRATION_SCOPE", None)
    return scope


def database() -> str:
    """Return the writable database of the tokens, since a replica may lag behind."""
    return router.db_for_write(models.get_access_token_model())


def rows_of(model: type[Model], user_pks: Collection[Any] | None) -> QuerySet[Any]:
    """Return the rows of some users, or of all users.

    What is no login of a user is never included: tokens that an application obtained for itself
    (client credentials), which have no user, and those that manage a registered client.
    """
    rows = model._base_manager.using(database())
    if model is models.get_access_token_model():
        rows = rows.exclude(scope=registration_scope())
    return rows.exclude(user=None) if user_pks is None else rows.filter(user__in=user_pks)


def active_logins(access: QuerySet[Any]) -> Iterator[Credential]:
    """Yield the logins of these access tokens that are valid or can be refreshed, in one query."""
    now, refresh_lifetime = timezone.now(), oauth2_settings.REFRESH_TOKEN_EXPIRE_SECONDS
    refresh = rows_of(models.get_refresh_token_model(), None)
    current = refresh.filter(access_token=OuterRef("pk"), revoked=None)
    first = refresh.filter(token_family=OuterRef("token_family")).order_by("created")
    access = access.select_related("application").annotate(
        refresh_id=Subquery(current.values("pk")[:1]),
        token_family=Subquery(current.values("token_family")[:1]),
        started_at=Subquery(first.values("created")[:1]),
    )
    for row in access.filter(Q(expires__gt=now) | Q(refresh_id__isnull=False)).order_by("-pk"):
        key, expires = key_of("access", row), row.expires
        if row.refresh_id is not None:
            key = f"family:{row.token_family}" if row.token_family else f"refresh:{row.refresh_id}"
            expires = expires + as_timedelta(refresh_lifetime) if refresh_lifetime else None
        if expires is None or expires > now:
            yield Credential(
                id=public_id(key),
                kind=NAME,
                label=str(row.application or _("Unknown app")),
                created_at=row.started_at or row.created,
                last_used_at=row.updated,
                expires_at=expires,
            )
