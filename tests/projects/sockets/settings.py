"""The test project behind ASGI, with a channel layer: in memory, or on Redis between processes."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import ENGINES

# Whatever the suite runs on: the tests that are about engines go through all of them.
SESSION_ENGINE = ENGINES["db"]
ROOT_URLCONF = "tests.adapters.urls_sockets"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if "LAYER_URL" in os.environ:
    # channels_redis waits for as long as redis-py 8 has patience.
    host = {"address": os.environ["LAYER_URL"], "socket_timeout": None}
    config = {"hosts": [host], "prefix": os.environ["LAYER_PREFIX"]}
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": config,
    }
