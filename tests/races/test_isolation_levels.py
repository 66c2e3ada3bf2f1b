"""Two clicks at once on PostgreSQL, where one of two transactions is asked to begin again."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.races.processes import Browser, World
from tests.waiting import until

WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
LEVEL = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {}"


@pytest.fixture(params=["REPEATABLE READ", "SERIALIZABLE"])
def level(request: Any) -> str:
    """What a project may have chosen for its connections."""
    return str(request.param)


@pytest.fixture(params=["db", "cached_db", "cache", "file", "signed_cookies"])
def site(request: Any, make_world: Any, level: str) -> Iterator[World]:
    """A site with two processes, whose connections have this level."""
    world: World = make_world("postgres", request.param)
    name = world.add_user()
    late = world.browser(name).begin("/write/", "view")
    world.browser(name).get("/")  # by another process
    late.finish()
    workers = [world.worker() for _ in world.pool.workers]
    for each in workers:
        each.do("sql", statement=LEVEL.format(level))
    yield world
    for each in workers:
        each.do("sql", statement=LEVEL.format("READ COMMITTED"))


def test_both_are_told_that_the_user_is_logged_out(site: World) -> None:
    """The one that waits for the other's row is asked to begin again, and does."""
    browser = site.browser(site.add_user())
    twin = Browser(site, dict(browser.cookies))
    first = browser.begin("/logout/", "recorded", method="POST")
    second = twin.send("/logout/", method="POST")
    until(lambda: site.do("sql", statement=WAITING) != [(0,)], "the second does not wait")
    first.go()
    answers = [each.wait().finish() for each in (first, second)]
    assert [answer.status for answer in answers] == [302, 302]
    assert site.served([*browser.history, *twin.history]) == set()


def test_an_ending_meets_a_request_that_writes_the_row(site: World) -> None:
    """Everyone of a user goes, while the user's page rotates its key."""
    name = site.add_user()
    browser = site.browser(name)
    # A cookie that holds the session itself has no key to record.
    late = browser.begin("/rotate/", "view" if site.engine == "signed_cookies" else "rotated")
    site.do("end", name=name, reason="admin", stops=[])
    late.finish()
    assert site.served(browser.history) == set()
