"""Models that take the place of Knox's and django-oauth-toolkit's."""

from django.db import models
from knox.models import AbstractAuthToken
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractDeviceGrant,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)


class ProgramToken(AbstractAuthToken):
    """Knox's token, with a title."""

    title = models.CharField(max_length=40, default="", blank=True)


class AccessToken(AbstractAccessToken):
    """The project's own access token."""


class RefreshToken(AbstractRefreshToken):
    """The project's own refresh token."""


class IDToken(AbstractIDToken):
    """The project's own ID token."""


class Grant(AbstractGrant):
    """The project's own authorization code."""


class DeviceGrant(AbstractDeviceGrant):
    """The project's own device code."""


class Use(models.Model):
    """A use of an access token, whose row the database does not let go before this one."""

    access_token = models.ForeignKey(AccessToken, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return "A use."
