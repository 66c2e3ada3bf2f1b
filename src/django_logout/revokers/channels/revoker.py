"""Open WebSockets and streams, which Django Channels can tell of an ending."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.checks import CheckMessage, Warning

from django_logout.revokers.base import Revoker
from django_logout.revokers.channels import broadcast
from django_logout.types import Ending


class ChannelsRevoker(Revoker):
    """Tells them, wherever they are: they close themselves. How many did, nobody knows."""

    name = "channels"
    apps = ("channels",)
    announces = True

    def revoke(self, ending: Ending) -> int:
        """Nothing yet: they are told once it is true."""
        return 0

    def announce(self, ending: Ending) -> None:
        """Tell them. Fails where the layer is down: they then find out by asking."""
        broadcast.publish(ending)

    def check(self) -> Sequence[CheckMessage]:
        """A layer that other processes do not hear is for developing."""
        layer = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND")
        if settings.DEBUG or layer != "channels.layers.InMemoryChannelLayer":
            return []
        sentence = "The default channel layer is in memory, where other processes do not hear it."
        hint = 'Write CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", …}}.'
        return [Warning(sentence, hint=hint, id="django_logout.W080")]
