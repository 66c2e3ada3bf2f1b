"""Bind what is issued in a session to that session, so that it ends with it."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.http.request import RawPostDataException
from oauth2_provider import models
from oauth2_provider.oauth2_backends import get_oauthlib_core
from oauthlib.oauth2 import InvalidGrantError

from django_logout.revokers import bindings
from django_logout.revokers.oauth_toolkit import grants
from django_logout.utils.context import current_request

#: With this scope a user agrees that an application stays logged in without them (OpenID Connect
#: Core 1.0, section 11). Its tokens outlive the session (Back-Channel Logout 1.0, section 2.7).
OFFLINE_ACCESS = "offline_access"
#: Where the codes of a type of grant are stored, and the field with the code.
CODES: dict[Any, Any] = {
    "authorization_code": (models.get_grant_model, "code"),
    "urn:ietf:params:oauth:grant-type:device_code": (
        models.get_device_grant_model,
        "device_code",
    ),
}


def connect_receivers() -> None:
    """Connect a receiver to each model whose rows are issued."""
    for model, bind in (
        # The session is the one in which the user authorized an application.
        (models.get_grant_model(), partial(_bind_to_current_session, "code")),
        # An ID token may be all that an application obtains.
        (models.get_id_token_model(), partial(_bind_to_current_session, "id")),
        (models.get_access_token_model(), bind_access_token),
        (models.get_refresh_token_model(), bind_refresh_token),
    ):
        uid = f"django_logout.{grants.NAME}.{model._meta.label}"
        receiver = partial(_on_save, bind)
        post_save.connect(receiver, sender=model, weak=False, dispatch_uid=uid)


def _on_save(
    bind: Callable[[Any], Any], *, instance: Any, created: bool, raw: bool, **kwargs: Any
) -> None:
    if created and not raw:
        bind(instance)


def bind_access_token(access: Any) -> None:
    """Bind an access token to the session that issued it, or to that of the code it is issued for.

    A refreshed token belongs to a login that is bound already. Raises ``InvalidGrantError`` if the
    code has been revoked meanwhile; django-oauth-toolkit then rolls back and responds with that
    error.
    """
    if access.scope == grants.registration_scope():
        return  # It manages a client, and is no login.
    is_first = access.source_refresh_token_id is None
    if is_first and not _bind_to_current_session("access", access):
        with transaction.atomic(using=grants.database()):
            _bind_to_session_of_code(access)


def bind_refresh_token(refresh: Any) -> None:
    """Bind the first refresh token of a login to the session of its access token."""
    access = refresh.access_token
    if access is None or access.source_refresh_token_id is not None:
        return
    session_id = bindings.bound_session_id(grants.public_id(grants.key_of("access", access)))
    if session_id is not None:
        # This cannot fail: the transaction that bound the access token still locks the session.
        _bind(grants.refresh_key(refresh), session_id)


def _bind(key: str, session_id: Any) -> bool:
    return bindings.bind_to_session(grants.NAME, grants.public_id(key), session_id)


def _bind_to_current_session(what: str, instance: Any) -> bool:
    """Bind a row to the session of the current request. Return false if there is none."""
    offline = OFFLINE_ACCESS in instance.scope.split()
    session_id = None if offline else bindings.current_session_id(instance.user_id)
    if session_id is not None and not _bind(grants.key_of(what, instance), session_id):
        instance.delete()
    return session_id is not None


def _bind_to_session_of_code(access: Any) -> None:
    """Bind an access token to the session in which its code was issued.

    The session is locked before the code, in the order of an ending. An ending that revokes the
    code waits for this transaction, and then sees the new token.
    """
    body, request = {}, current_request.get()
    # A body that other code has read already is not that of an OAuth client.
    with suppress(RawPostDataException):
        body = dict(get_oauthlib_core().extract_body(request)) if request else {}
    model, field = CODES.get(body.get("grant_type"), (None, ""))
    if model is None:
        return
    codes = model()._base_manager.using(grants.database()).filter(**{field: body.get(field)})
    code = codes.first()
    session_id = code and bindings.bound_session_id(grants.public_id(grants.key_of(field, code)))
    if session_id and not _bind(grants.key_of("access", access), session_id):
        raise InvalidGrantError
    if codes.select_for_update().first() is None:
        raise InvalidGrantError
