"""Notices what is issued: what comes of a session is tied to it, and ends with it."""

from __future__ import annotations

from contextlib import suppress
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

#: With this scope a user agrees that an application goes on without them (OpenID Connect Core
#: 1.0, section 11): its tokens outlive the session (Back-Channel Logout 1.0, section 2.7).
OFFLINE = "offline_access"
#: What a token is had for, by the type of grant: where it is kept, and the field that names it.
REDEEMED: dict[Any, Any] = {
    "authorization_code": (models.get_grant_model, "code"),
    "urn:ietf:params:oauth:grant-type:device_code": (
        models.get_device_grant_model,
        "device_code",
    ),
}


def connect() -> None:
    """Connect the receivers."""
    for model, heard in (
        (models.get_grant_model(), on_code),
        (models.get_id_token_model(), on_id_token),
        (models.get_access_token_model(), on_access),
        (models.get_refresh_token_model(), on_refresh),
    ):
        uid = f"django_logout.{grants.NAME}.{model._meta.label}"
        post_save.connect(heard, sender=model, dispatch_uid=uid)


def on_code(sender: Any, instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
    """A user has let an application in."""
    if created and not raw:
        _tie(instance, grants.of_code(instance))


def on_id_token(sender: Any, instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
    """An application is told who the user is; perhaps nothing but that."""
    if created and not raw:
        _tie(instance, grants.of_id_token(instance))


def on_access(sender: Any, instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
    """An access token: given away in a session, or had for a code. A renewed one belongs to a
    login that is known. Raises ``InvalidGrantError`` if what it was had for has ended meanwhile;
    django-oauth-toolkit then undoes it, and answers so."""
    if not created or raw or instance.source_refresh_token_id is not None:
        return
    if not _tie(instance, grants.of_access(instance)):
        with transaction.atomic(using=grants.database()):
            _redeem(instance)


def on_refresh(sender: Any, instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
    """A refresh token: the first of a login is tied as its access token is."""
    access = instance.access_token if created and not raw else None
    if access is None or access.source_refresh_token_id is not None:
        return
    session_id = bindings.session_of(grants.NAME, grants.of_access(access))
    if session_id is not None:  # in the transaction that has tied the other
        bindings.bind(grants.NAME, grants.of_refresh(instance), session_id)


def _tie(instance: Any, what: str) -> bool:
    """Tie it to the session of this request; false if there is none."""
    offline = OFFLINE in instance.scope.split()
    session_id = None if offline else bindings.current_session_id(instance.user_id)
    if session_id is not None and not bindings.bind(grants.NAME, what, session_id):
        instance.delete()
    return session_id is not None


def _redeem(access: Any) -> None:
    """Tie an access token to the session in which its code was given away. The session is locked
    before the code, as an ending does it; whoever ends the code waits for us, and then sees what
    has come of it."""
    body = _body()
    model, field = REDEEMED.get(body.get("grant_type"), (None, ""))
    if model is None:
        return
    codes = model()._base_manager.using(grants.database()).filter(**{field: body.get(field)})
    code = codes.first()
    session_id = code and bindings.session_of(grants.NAME, f"{field}:{code.pk}")
    if session_id and not bindings.bind(grants.NAME, grants.of_access(access), session_id):
        raise InvalidGrantError
    if codes.select_for_update().first() is None:
        raise InvalidGrantError


def _body() -> dict[str, Any]:
    request = current_request.get()
    with suppress(RawPostDataException):  # read by others; so it is none of an OAuth client
        return dict(get_oauthlib_core().extract_body(request)) if request else {}
    return {}
