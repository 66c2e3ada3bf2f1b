"""The logins of applications, of which each token is a part."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

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


def of_code(grant: Any) -> str:
    """What an authorization code is known by, until something is had for it."""
    return f"code:{grant.pk}"


def of_id_token(id_token: Any) -> str:
    """What an ID token is known by that came without an access token."""
    return f"id:{id_token.pk}"


def of_access(access: Any) -> str:
    """What an access token is known by that came without a refresh token."""
    return f"access:{access.pk}"


def of_refresh(refresh: Any) -> str:
    """What a refresh token is known by: it, and all that came before it or will come of it. (There
    are some without a family, from before django-oauth-toolkit 3.)"""
    return f"family:{refresh.token_family}" if refresh.token_family else f"refresh:{refresh.pk}"


def database() -> str:
    """Where all of them are; never a replica, which may be late."""
    return router.db_for_write(models.get_access_token_model())


def rows(model: type[Model], user_ids: Collection[Any] | None) -> QuerySet[Any]:
    """Those of some users, or of all; those of an application itself are nobody's login."""
    found = model._base_manager.using(database())
    return found.exclude(user=None) if user_ids is None else found.filter(user__in=user_ids)


def active(access: QuerySet[Any]) -> Iterator[Credential]:
    """The logins of these access tokens, where they work or can be renewed; in one query."""
    now, lasting = timezone.now(), oauth2_settings.REFRESH_TOKEN_EXPIRE_SECONDS
    refresh = rows(models.get_refresh_token_model(), None)
    mine = refresh.filter(access_token=OuterRef("pk"), revoked=None)
    first = refresh.filter(token_family=OuterRef("token_family")).order_by("created")
    access = access.select_related("application").annotate(
        refresh_id=Subquery(mine.values("pk")[:1]),
        token_family=Subquery(mine.values("token_family")[:1]),
        begun=Subquery(first.values("created")[:1]),
    )
    for row in access.filter(Q(expires__gt=now) | Q(refresh_id__isnull=False)).order_by("-pk"):
        what, expires = of_access(row), row.expires
        if row.refresh_id is not None:
            what = f"family:{row.token_family}" if row.token_family else f"refresh:{row.refresh_id}"
            expires = expires + as_timedelta(lasting) if lasting else None
        if expires is None or expires > now:
            yield Credential(
                id=bindings.public_id(NAME, what),
                kind=NAME,
                label=str(row.application or _("An application")),
                created_at=row.begun or row.created,
                last_used_at=row.updated,
                expires_at=expires,
            )
