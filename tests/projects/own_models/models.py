"""As the libraries let projects have them."""

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
    """With what it is called."""

    title = models.CharField(max_length=40, default="", blank=True)


class AccessToken(AbstractAccessToken):
    """Likewise."""


class RefreshToken(AbstractRefreshToken):
    """Likewise."""


class IDToken(AbstractIDToken):
    """Likewise."""


class Grant(AbstractGrant):
    """Likewise."""


class DeviceGrant(AbstractDeviceGrant):
    """Likewise."""


class Use(models.Model):
    """Of an access token, so that its row cannot go by itself."""

    access_token = models.ForeignKey(AccessToken, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return "A use."
