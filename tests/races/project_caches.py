"""Cache classes as projects write them to reach several Redis servers: no library has one."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django_redis.client import DefaultClient
from django_redis.pool import ConnectionFactory
from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException
from redis.sentinel import Sentinel, SentinelConnectionPool


@cache
def client_for(url: str) -> Any:
    """Return one client for all calls, which keeps connections to all servers."""
    return RedisCluster.from_url(url)


class RedisClusterClient(RedisCacheClient):
    """Django's own, with another client. The first server that answers names the others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._client = RedisCluster

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        for server in self._servers:
            with suppress(RedisClusterException):
                return self._client.from_url(server)
        raise RedisClusterException("No server answers.")


class RedisClusterCache(RedisCache):
    """For the setting BACKEND."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._class = RedisClusterClient


class SplittingClient(RedisCacheClient):
    """Several keys are read in a call for each slot, so that nothing tells where they lie."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return client_for(self._servers[0])

    def get_many(self, keys: Any) -> Any:
        keys = list(keys)
        found = zip(keys, self.get_client().mget_nonatomic(keys), strict=True)
        return {key: self._serializer.loads(value) for key, value in found if value is not None}

    def set_many(self, data: Any, timeout: Any) -> None:
        for key, value in data.items():
            self.set(key, value, timeout)


class SplittingCache(RedisCache):
    """For the setting BACKEND."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._class = SplittingClient


class ConnectingClient(DefaultClient):
    """For the option CLIENT_CLASS of django-redis."""

    def connect(self, index: int = 0) -> Any:
        return client_for(self._server[index])


class ConnectingFactory(ConnectionFactory):
    """For the option CONNECTION_FACTORY of django-redis."""

    def connect(self, url: str) -> Any:
        return client_for(url)


class SentinelPool(SentinelConnectionPool):
    """For the option pool_class of Django's cache: the host in LOCATION is the service's name."""

    @classmethod
    def from_url(cls, url: str, *, sentinels: Any, **kwargs: Any) -> SentinelPool:
        service = url.partition("://")[2].partition("/")[0]
        return cls(service, Sentinel(sentinels), **kwargs)
