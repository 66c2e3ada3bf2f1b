"""Authenticate by JSON web tokens, if their login is active (djangorestframework-simplejwt)."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from copy import copy
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from rest_framework.exceptions import APIException
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenBackendError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.state import token_backend

from django_logout.contrib import token_auth
from django_logout.contrib.drf.problems import Ended, as_problems
from django_logout.contrib.token_auth import TokenClaims
from django_logout.revokers.simplejwt import SimpleJwtRevoker
from django_logout.sessions import registry
from django_logout.sessions.token_logins import SID, as_id
from django_logout.utils.context import current_request
from django_logout.web.denials import RefusedCookie, note_refused_cookie

#: Attribute of an error that refuses a token: the request, and its cookies that hold the token.
PRESENTED_BY = "_django_logout_presented_by"


def _anonymous_if_refused(authenticate: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a method ``authenticate()``: a refused token in a cookie is no error."""

    @wraps(authenticate)
    def wrapped(self: Any, request: Any) -> Any:
        try:
            return authenticate(self, request)
        except APIException as error:
            served: Any
            served, names = getattr(error, PRESENTED_BY, (None, ()))
            if not names:
                raise
            detail: Any = error.detail
            reason = detail["reason"] if isinstance(error, Ended) else None
            names = self.cookies_to_delete(names, ended=reason is not None)
            note_refused_cookie(served, RefusedCookie(names, detail, reason))
            return None

    return wrapped


@contextmanager
def _noting_cookie(raw: Any) -> Iterator[None]:
    """Note in the error that refuses a token which cookies have presented it."""
    try:
        yield
    except (AuthenticationFailed, Ended) as error:
        request = current_request.get()
        token = raw.decode() if isinstance(raw, bytes) else raw
        cookies = request.COOKIES.items() if request is not None else ()
        names = [name for name, value in cookies if value == token]
        setattr(error, PRESENTED_BY, (request, names))
        raise


class SessionCheckMixin:
    """Mixin in front of an authentication class of simplejwt. It accepts a token only if its login
    is active, with at most one cache read for each request.

    The status is 401 with ``"reason"`` if the login has ended, and 503 if neither the cache nor the
    database answers. A token in a cookie is sent with every request, also with a login. If it is
    refused, the request is anonymous, and the response deletes the cookie.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "authenticate" in vars(cls):
            setattr(cls, "authenticate", _anonymous_if_refused(cls.authenticate))  # noqa: B010

    @_anonymous_if_refused
    def authenticate(self, request: Any) -> Any:
        """Return the user and the token, or ``None`` if there is no token, or a refused cookie."""
        library: Any = super()
        return library.authenticate(request)

    def get_validated_token(self, raw_token: Any) -> Any:
        """Return the token, if it is valid by itself."""
        library: Any = super()
        with _noting_cookie(raw_token):
            return library.get_validated_token(raw_token)

    def get_user(self, validated_token: Any) -> Any:
        """Return the user, if the login is active."""
        library: Any = super()
        with _noting_cookie(getattr(validated_token, "token", None)):
            with as_problems():
                # The library reports a token without a user.
                if api_settings.USER_ID_CLAIM in validated_token:
                    token_auth.check_login(claims_of(validated_token))
            return library.get_user(validated_token)

    def cookies_to_delete(self, names: Collection[str], *, ended: bool) -> Collection[str]:
        """Return the names of the cookies to delete if the token in the cookies ``names`` was
        refused. ``ended`` says whether it was refused because its login has ended."""
        return names

    def expired_login_id(self, request: Any) -> UUID | None:
        """Return the login of a token with a valid signature, even if the token has expired, so
        that its client can log out."""
        return next(filter(None, map(login_id_of, self.raw_tokens(request))), None)

    def raw_tokens(self, request: Any) -> Iterator[Any]:
        """Yield the tokens that a request presents."""
        library: Any = self
        header = library.get_header(request)
        raw = header and library.get_raw_token(header)
        if raw:
            yield raw


class JWTAuthentication(SessionCheckMixin, authentication.JWTAuthentication):
    """The library's authentication, which loads the user."""


class JWTStatelessUserAuthentication(
    SessionCheckMixin, authentication.JWTStatelessUserAuthentication
):
    """The library's authentication, which trusts what the token says of the user."""


def login_id_of(raw: Any) -> UUID | None:
    """Return the login of a token with a valid signature, even if it has expired."""
    backend = copy(token_backend)
    # Beyond this, no other token of the same login can be valid.
    backend.leeway = SimpleJwtRevoker().lifetime
    try:
        return as_id(backend.decode(raw).get(SID))
    except TokenBackendError:
        return None


def claims_of(token: Any) -> TokenClaims:
    """Return what a token of the library says."""
    login_id, issued_at = as_id(token.get(SID)), token.get("iat") or 0
    if login_id is not None:
        return TokenClaims(None, issued_at, login_id)
    claim = token[api_settings.USER_ID_CLAIM]
    field, pk = api_settings.USER_ID_FIELD, get_user_model()._meta.pk
    if field in {"pk", pk.name, pk.attname}:
        return TokenClaims(pk.to_python(claim), issued_at)
    users = registry.users().filter(**{field: claim})
    return TokenClaims(users.values_list("pk", flat=True).first(), issued_at)
