"""Channels with the project ``jwt``: WebSockets that a token authenticates instead of a session.

Part of: sockets

What matters: ``CHANNEL_LAYERS``, on Redis, under a prefix of this process's own.
"""

from uuid import uuid4

from tests import services
from tests.projects.jwt.settings import *  # noqa: F403

ROOT_URLCONF = "tests.projects.sockets_jwt.urls"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # Without this, redis-py 8 times out while channels_redis waits for a message.
            "hosts": [{"address": services.URLS["redis"], "socket_timeout": None}],
            "prefix": uuid4().hex,
        },
    }
}
