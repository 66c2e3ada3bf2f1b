"""A cache that has to learn of endings, on any engine, and that fails."""

import pytest

from django_logout.guard import status_cache
from django_logout.sessions.caches import OpenCache, open_cache


def use_status_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every ending written to the default cache, whatever the engine."""
    monkeypatch.setattr(status_cache, "used_cache", lambda engine=None: open_cache("default"))


def make_cache_unwritable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every ending written to a cache that takes nothing."""
    use_status_cache(monkeypatch)
    monkeypatch.setattr(OpenCache, "is_writable", lambda cache: False)
