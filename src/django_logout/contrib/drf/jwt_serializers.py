"""Issue and revoke JSON web tokens that end with their login (djangorestframework-simplejwt: the
``…_SERIALIZER`` keys of ``SIMPLE_JWT``)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import router
from rest_framework.exceptions import APIException
from rest_framework_simplejwt import serializers
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import UntypedToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from django_logout.contrib import token_auth
from django_logout.contrib.drf.jwt import claims_of
from django_logout.contrib.drf.problems import as_problems
from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.revokers.simplejwt import LISTED
from django_logout.sessions import registry
from django_logout.sessions.token_logins import SID
from django_logout.types import Target
from django_logout.utils.context import current_request


def begin(user: Any, token: Any) -> Any:
    """Register the login of a refresh or sliding token that was just issued for a user, for code
    that issues tokens itself.

    Returns the token, with the claim ``sid``; tokens made from it end with the login. Raises errors
    of REST framework: 401 if the login is not allowed, 503 if that cannot be determined.
    """
    with as_problems():
        token[SID] = str(token_auth.start_login(user, _expiry_of(token)))
    if LISTED:  # The library has listed the token without the claim.
        _listed(token).update(token=str(token))
    return token


class _ObtainMixin:
    @classmethod
    def get_token(cls, user: Any) -> Any:
        """Return a token of a registered login."""
        return begin(user, super().get_token(user))


class _RefreshMixin:
    raw_field = "refresh"
    token_class: Any

    def validate(self, attrs: Mapping[str, Any]) -> Any:
        """Return a new token, if the login is active both before and after the token is made."""
        token = self.token_class(attrs[self.raw_field])
        claims = claims_of(token)
        with as_problems():
            login_id = token_auth.resume_login(
                claims,
                name=token[api_settings.JTI_CLAIM],
                expires=_expiry_of(token),
                listed=_listed(token).values_list("pk", flat=True).first() if LISTED else None,
            )
        token[SID] = str(login_id)
        data = super().validate({**attrs, self.raw_field: str(token)})
        new_token = self.token_class(data.get(self.raw_field, str(token)))
        try:
            with as_problems():
                token_auth.extend_login(claims, login_id, _expiry_of(new_token))
        except APIException:
            if hasattr(new_token, "blacklist"):
                new_token.blacklist()
            raise
        return data


class TokenObtainPairSerializer(_ObtainMixin, serializers.TokenObtainPairSerializer):
    """For ``TOKEN_OBTAIN_SERIALIZER``."""


class TokenObtainSlidingSerializer(_ObtainMixin, serializers.TokenObtainSlidingSerializer):
    """For ``SLIDING_TOKEN_OBTAIN_SERIALIZER``."""


class TokenRefreshSerializer(_RefreshMixin, serializers.TokenRefreshSerializer):
    """For ``TOKEN_REFRESH_SERIALIZER``."""


class TokenRefreshSlidingSerializer(_RefreshMixin, serializers.TokenRefreshSlidingSerializer):
    """For ``SLIDING_TOKEN_REFRESH_SERIALIZER``."""

    raw_field = "token"


class TokenBlacklistSerializer(serializers.TokenBlacklistSerializer):
    """For ``TOKEN_BLACKLIST_SERIALIZER``: a client that returns its refresh token logs out."""

    def validate(self, attrs: Mapping[str, Any]) -> Any:
        """End the login of the token, even if it was already exchanged for a newer one."""
        token = UntypedToken(attrs["refresh"])
        login_id = claims_of(token).login_id
        if login_id is None or token[api_settings.TOKEN_TYPE_CLAIM] != self.token_class.token_type:
            return super().validate(attrs)
        actor = registry.users().filter(login_sessions=login_id).first()
        with as_problems():
            request = current_request.get()
            who: dict[str, Any] = {"actor": actor, "request": request}
            pipeline.end_sessions(Target.session(login_id), reason=Reason.USER, **who)
        return {}


def _expiry_of(token: Any) -> datetime:
    """Return the time when a token and all tokens made from it now have expired.

    An access token may live longer than the token that it is made from.
    """
    seconds = max(token.get(api_settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM, 0), token["exp"])
    expires: datetime = datetime_from_epoch(seconds)
    access = getattr(token, "access_token_class", None)
    return expires if access is None else max(expires, token.current_time + access.lifetime)


def _listed(token: Any) -> Any:
    """Return a queryset of the token's row in the library's list."""
    rows = OutstandingToken._base_manager.using(router.db_for_write(OutstandingToken))
    return rows.filter(jti=token[api_settings.JTI_CLAIM])
