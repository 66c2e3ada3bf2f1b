"""Channels: WebSockets, streams and server-sent events on ASGI, with sessions in the database.

App: Channels
Packages: channels
Before: WebSockets stayed open after the logout.
Verdict: write this around the WebSockets of ``asgi.py``.
Write:
    AuthMiddlewareStack(django_logout.contrib.channels.ends_with_session(URLRouter(patterns)))
Not reached: nothing.

What matters: ``CHANNEL_LAYERS``, in memory here, and on Redis where two servers run (``LAYER_URL``).
"""

import os

from tests.settings import *  # noqa: F403
from tests.settings import ENGINES

# Independent of the environment, because the tests about engines go through all of them.
SESSION_ENGINE = ENGINES["db"]
ROOT_URLCONF = "tests.projects.sockets.urls"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if "LAYER_URL" in os.environ:
    # Without the last one, redis-py 8 times out while channels_redis waits for a message.
    host = {"address": os.environ["LAYER_URL"], "socket_timeout": None}
    config = {"hosts": [host], "prefix": os.environ["LAYER_PREFIX"]}
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": config,
    }
