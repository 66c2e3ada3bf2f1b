"""Notify open WebSockets and streams of an ending, so that they close at once."""

from collections.abc import Sequence

from django.conf import settings
from django.core.checks import CheckMessage, Warning

from django_logout.revokers.base import Revoker
from django_logout.revokers.channels import broadcast
from django_logout.types import Ending


class ChannelsRevoker(Revoker):
    """Publishes endings. Sockets close themselves, so their number is unknown."""

    name = "channels"
    apps = ("channels",)
    announces = True

    def revoke(self, ending: Ending) -> int:
        """Return 0: sockets are notified only after the commit, in :meth:`announce`."""
        return 0

    def announce(self, ending: Ending) -> None:
        """Publish the ending. If the layer is down, this raises, and sockets find out by polling."""
        broadcast.publish_endings(ending)

    def check(self) -> Sequence[CheckMessage]:
        """Warn of an in-memory layer in production, because other processes do not receive it."""
        layer = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND")
        if settings.DEBUG or layer != "channels.layers.InMemoryChannelLayer":
            return []
        sentence = "The default channel layer is in memory, so it does not reach other processes."
        hint = 'Write CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", …}}.'
        return [Warning(sentence, hint=hint, id="django_logout.W080")]
