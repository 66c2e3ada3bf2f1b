"""The test project behind ASGI, with JSON web tokens, and a channel layer on Redis."""

from uuid import uuid4

from tests import services
from tests.adapters.settings_jwt import *  # noqa: F403

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # See settings_sockets.
            "hosts": [{"address": services.URLS["redis"], "socket_timeout": None}],
            "prefix": uuid4().hex,
        },
    }
}
