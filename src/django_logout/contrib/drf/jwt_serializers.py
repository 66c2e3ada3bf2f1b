"""What issues JSON web tokens, and takes them back, so that they end with their login
(djangorestframework-simplejwt: the ``…_SERIALIZER`` keys of ``SIMPLE_JWT``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router
from rest_framework.exceptions import APIException
from rest_framework_simplejwt import serializers
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import UntypedToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from django_logout.contrib import token_auth
from django_logout.contrib.drf.jwt import bearer_of
from django_logout.contrib.drf.problems import as_problems
from django_logout.ending import pipeline
from django_logout.revokers.simplejwt import LISTED
from django_logout.sessions import registry
from django_logout.sessions.token_logins import SID
from django_logout.types import Target
from django_logout.utils.context import current_request


def begin(user: Any, token: Any) -> Any:
    """Make a login of a refresh or sliding token that has just been issued for a user: what is
    made of it from now on ends with that login. For code that issues tokens by itself.

    Gives the token, with the claim ``sid``. Raises errors of REST framework's: 401 if the login
    may not come about, 503 if that cannot be told.
    """
    with as_problems():
        token[SID] = str(token_auth.begin(user, _expires(token)))
    if LISTED:  # by the library, as it was before
        _listed(token).update(token=str(token))
    return token


class _ObtainMixin:
    @classmethod
    def get_token(cls, user: Any) -> Any:
        """A token of a login that is registered."""
        return begin(user, super().get_token(user))


class _Refreshes:
    raw_field = "refresh"
    token_class: Any

    def validate(self, attrs: Mapping[str, Any]) -> Any:
        """A new token, if the login goes on: asked before it is made, and again afterwards."""
        token = self.token_class(attrs[self.raw_field])
        holder = bearer_of(token)
        with as_problems():
            family = token_auth.resume(
                holder,
                name=token[api_settings.JTI_CLAIM],
                expires=_expires(token),
                listed=_listed(token).values_list("pk", flat=True).first() if LISTED else None,
            )
        token[SID] = str(family)
        data = super().validate({**attrs, self.raw_field: str(token)})
        child = self.token_class(data.get(self.raw_field, str(token)))
        try:
            with as_problems():
                token_auth.go_on(holder, family, _expires(child))
        except APIException:
            if hasattr(child, "blacklist"):
                child.blacklist()
            raise
        return data


class TokenObtainPairSerializer(_ObtainMixin, serializers.TokenObtainPairSerializer):
    """For ``TOKEN_OBTAIN_SERIALIZER``."""


class TokenObtainSlidingSerializer(_ObtainMixin, serializers.TokenObtainSlidingSerializer):
    """For ``SLIDING_TOKEN_OBTAIN_SERIALIZER``."""


class TokenRefreshSerializer(_Refreshes, serializers.TokenRefreshSerializer):
    """For ``TOKEN_REFRESH_SERIALIZER``."""


class TokenRefreshSlidingSerializer(_Refreshes, serializers.TokenRefreshSlidingSerializer):
    """For ``SLIDING_TOKEN_REFRESH_SERIALIZER``."""

    raw_field = "token"


class TokenBlacklistSerializer(serializers.TokenBlacklistSerializer):
    """For ``TOKEN_BLACKLIST_SERIALIZER``: whoever gives a refresh token back logs out."""

    def validate(self, attrs: Mapping[str, Any]) -> Any:
        """End the login: by any of its tokens, one that has been exchanged for a newer one too."""
        token = UntypedToken(attrs["refresh"])
        family = bearer_of(token).family
        if family is None or token[api_settings.TOKEN_TYPE_CLAIM] != self.token_class.token_type:
            return super().validate(attrs)
        owners = get_user_model()._base_manager.using(registry.database())
        actor = owners.filter(login_sessions=family).first()
        with as_problems():
            request = current_request.get()
            pipeline.end_sessions(Target.session(family), actor=actor, request=request)
        return {}


def _expires(token: Any) -> datetime:
    """When the last token has expired that is made of this one now, it among them. (Access tokens may
    be given more time than what they are made of.)"""
    seconds = max(token.get(api_settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM, 0), token["exp"])
    expires: datetime = datetime_from_epoch(seconds)
    access = getattr(token, "access_token_class", None)
    return expires if access is None else max(expires, token.current_time + access.lifetime)


def _listed(token: Any) -> Any:
    """The row of a token in the library's list, as a queryset."""
    rows = OutstandingToken._base_manager.using(router.db_for_write(OutstandingToken))
    return rows.filter(jti=token[api_settings.JTI_CLAIM])
