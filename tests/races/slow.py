"""A Redis that is a millisecond away: the usual distance, which one machine does not have."""

import time
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

DISTANCE = 0.001


class _FarClient(RedisCacheClient):
    def get_client(self, *args: Any, **kwargs: Any) -> Any:
        time.sleep(DISTANCE)  # once a command, before it
        return super().get_client(*args, **kwargs)


class FarRedisCache(RedisCache):
    """Django's own, with the way there."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _FarClient
