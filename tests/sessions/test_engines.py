"""What is known of each engine, and assumed of an unknown one."""

from importlib import import_module
from typing import Any

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DBStore
from django.contrib.sessions.models import Session
from django.db.models import Manager
from django.utils import timezone

from django_logout.guard.install import guarded
from django_logout.sessions import engines
from tests.backends import cache_from_url
from tests.settings import ENGINES

DEAD = "redis://127.0.0.1:1/0"


def engine(name: str) -> engines.Engine:
    return engines.engine_of(import_module(ENGINES[name]).SessionStore)


@pytest.mark.parametrize(
    ("name", "final", "table", "hides", "keyed"),
    [
        ("db", True, True, False, True),
        ("cached_db", False, True, False, True),
        ("cache", False, False, True, True),
        ("file", False, False, True, True),
        ("signed_cookies", False, False, False, False),
    ],
)
def test_djangos_own_engines(name: str, final: bool, table: bool, hides: bool, keyed: bool) -> None:
    """Only db is trusted to end a session by deleting it."""
    found = engine(name)
    assert found.final_deletes is final
    assert (found.model is not None) is table
    assert found.hides_outages is hides
    assert found.keyed is keyed


class Unknown(SessionBase):
    """A project's own engine."""


class Overriding(DBStore):
    """Looks like db, and saves in its own way."""

    def save(self, must_create: bool = False) -> None:
        super().save(must_create)


class Inheriting(DBStore):
    """The db engine under another name."""


def test_an_unknown_engine_can_do_nothing() -> None:
    """Its deletes are not final, nothing can be deleted from afar, its cookie may be all."""
    found = engines.engine_of(Unknown)
    assert not found.final_deletes
    assert found.model is None
    assert not found.keyed
    found.delete(["key"], using="default")


def test_a_subclass_of_db_is_trusted_only_if_it_leaves_db_alone() -> None:
    """With one method of its own, it is unknown what a late save does."""
    assert engines.engine_of(Inheriting).final_deletes
    assert not engines.engine_of(Overriding).final_deletes


class Elsewhere:
    """Keeps sessions in another database than the registry."""

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "sessions" if model is Session else None


def test_sessions_in_another_database_are_not_deleted_with_the_registrys(settings: Any) -> None:
    """Two databases have no common transaction: the gate stands guard instead."""
    settings.DATABASE_ROUTERS = [Elsewhere()]
    found = engine("db")
    assert found.model is None
    assert not found.final_deletes


def test_a_guarded_store_is_of_the_same_engine() -> None:
    """To ask is the same before and after a request's session has been guarded."""
    assert engines.engine_of(guarded(DBStore)) is engines.engine_of(DBStore)


class Refusing(Manager[Session]):
    """As managers do that empty caches when rows are deleted."""

    def get_queryset(self) -> Any:
        raise AssertionError("asked")


@pytest.mark.django_db
def test_rows_are_deleted_past_a_managers_own_ideas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside the ending's transaction nothing but the rows is to be touched."""
    for key in ("gone", "stays"):
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now())
    db = engine("db")
    with monkeypatch.context() as patch:
        patch.setattr(Session, "objects", Refusing())
        patch.setattr(Session._meta, "default_manager", Refusing(), raising=False)
        db.delete(["gone"], using="default")
    assert list(Session.objects.values_list("pk", flat=True)) == ["stays"]


def test_an_engine_that_hides_outages_is_asked_whether_it_answers(settings: Any) -> None:
    """A cache that is down looks like a session that is not there."""
    settings.CACHES = {"default": cache_from_url("locmem://here")}
    assert engine("cache").reachable(["0" * 32])
    settings.CACHES = {"default": cache_from_url(DEAD)}
    assert not engine("cache").reachable(["0" * 32])
    assert engine("db").reachable(["0" * 32])
