"""A session engine that loads and saves in coroutines of its own, as third-party engines do."""

from typing import Any

from django.contrib.sessions.backends.cache import SessionStore as CacheStore

#: The coroutines that were awaited.
awaited: list[str] = []


class SessionStore(CacheStore):
    """Sessions in the cache, by coroutines of this class."""

    async def aload(self) -> dict[str, Any]:
        awaited.append("aload")
        data: dict[str, Any] = await super().aload()
        return data

    async def asave(self, must_create: bool = False) -> None:
        awaited.append("asave")
        await super().asave(must_create)
