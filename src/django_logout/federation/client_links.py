"""The logins that this site, as a provider, has given to applications.

This is the only module that writes :class:`ClientLink`. A code names the session in which it was
obtained, since the application redeems it without a cookie; then the refresh token does.
"""

import secrets
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from django_logout.federation.links import read_claims
from django_logout.federation.models import ClientLink
from django_logout.guard.install import session_of
from django_logout.guard.store import GuardedStore
from django_logout.models import CredentialBinding
from django_logout.revokers import bindings
from django_logout.sessions import registry
from django_logout.sessions.identity import uuid_of
from django_logout.utils.context import current_request
from django_logout.utils.transactions import retry

#: The kind of the bindings of codes and refresh tokens to sessions.
KIND = "openid_login"
#: Bytes of a ``sid``.
SID_BYTES = 16


class ClientLogin(NamedTuple):
    """A login for which an ID token is about to be issued."""

    client_id: str
    user_id: Any
    session_id: UUID | None
    sid: str
    "The name of the session for this application, and no other; ``''`` without a session."

    @property
    def key(self) -> UUID:
        """The primary key of its link."""
        name = f"session:{self.session_id}" if self.session_id else f"user:{self.user_id}"
        return uuid_of(sha256(f"{name}:{self.client_id}".encode()).digest())


def bind_code(code: str, user_id: Any) -> bool:
    """Bind an authorization code to the session of the current request, if it has one.

    Return false if the session has ended meanwhile; then the code must not be redeemed.
    """
    session_id = current_session_id(user_id)
    return session_id is None or bindings.bind_to_session(KIND, _public_id(code), session_id)


def find_login(client_id: str, user_id: Any, presented: str) -> ClientLogin:
    """Return the login of an ID token that is to be issued.

    ``presented`` is the code or refresh token that the application has sent; ``""`` at the
    authorization endpoint, where the browser presents its session.
    """
    if presented:
        session_id = bindings.bound_session_id(_public_id(presented))
    else:
        session_id = current_session_id(user_id)
    login = ClientLogin(client_id, user_id, session_id, "")
    if session_id is None:
        return login
    known = links().filter(pk=login.key).values_list("sid", flat=True).first()
    return login._replace(sid=known or secrets.token_urlsafe(SID_BYTES))


def record(login: ClientLogin, id_token: str) -> bool:
    """Record the login of an ID token that has been made.

    Return false if its session has ended: then the token must not be sent. Either the ending sees
    the link, or this sees the ending, since both lock the session.
    """
    claims = read_claims(id_token)
    link = ClientLink(
        pk=login.key,
        session_id=login.session_id,
        user_id=login.user_id,
        client_id=login.client_id,
        issuer=claims.issuer,
        subject=claims.subject,
        sid=login.sid,
        linked_at=timezone.now(),
    )

    def write() -> bool:
        with transaction.atomic(using=registry.database()):
            if not _lock_session(login.session_id):
                return False
            changed = {"issuer": link.issuer, "subject": link.subject}
            if not links().filter(pk=link.pk).update(**changed):
                links().bulk_create([link], ignore_conflicts=True)
            return True

    return retry(write, registry.database())


def follow(presented: str, refresh_token: str) -> None:
    """Let a new refresh token name the session that the code, or the token before it, names."""
    if refresh_token and refresh_token != presented:
        rows = CredentialBinding.objects.using(registry.database())
        rows.filter(pk=_public_id(presented)).update(id=_public_id(refresh_token))


def has_ended(session_id: UUID | None) -> bool:
    """Return whether a session has ended. What belongs to no session has not."""
    if session_id is None:
        return False
    return not registry.only_active(registry.sessions()).filter(pk=session_id).exists()


def current_session_id(user_id: Any) -> UUID | None:
    """Return the id of the current request's session, if this user is logged in to it."""
    session = session_of(current_request.get())
    if isinstance(session, GuardedStore) and "_session_cache" in vars(session):
        session.adopt()  # It may be from before the installation.
    return bindings.current_session_id(user_id)


def links() -> QuerySet[ClientLink]:
    """Return all links."""
    return ClientLink.objects.using(registry.database())


def _lock_session(session_id: UUID | None) -> bool:
    if session_id is None:
        return True
    active = registry.sessions().filter(pk=session_id, ended_at__isnull=True)
    return bool(active.update(user_id=F("user_id")))


def _public_id(presented: str) -> UUID:
    return bindings.public_id(KIND, presented)
