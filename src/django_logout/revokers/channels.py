"""Open WebSockets and streams, which Django Channels can tell of an ending."""

from __future__ import annotations

from django_logout import broadcast
from django_logout.revokers.base import Revoker
from django_logout.types import Ending


class ChannelsRevoker(Revoker):
    """Tells them, wherever they are: they close themselves. How many did, nobody knows."""

    name = "channels"
    covers = ("channels",)
    announces = True

    def ends(self, ending: Ending) -> int:
        """Nothing yet: they are told once it is true."""
        return 0

    def announce(self, ending: Ending) -> None:
        """Tell them. Fails where the layer is down: they then find out by asking."""
        broadcast.tell(ending)
