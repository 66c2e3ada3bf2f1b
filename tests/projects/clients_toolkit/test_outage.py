"""A real database goes away while logouts are delivered, and comes back: all are heard, and none twice."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.example_site import scratch_database
from tests.outages import outage
from tests.projects.clients_toolkit.test_killed import Site
from tests.projects.issuing import Receiver, receiving
from tests.waiting import PATIENCE, until

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]

WAITS = "Deliveries of logouts wait for the database."


@pytest.fixture
def database() -> Iterator[str]:
    """A database of its own."""
    with scratch_database(services.URLS["postgres"]) as url:
        yield url


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Two applications."""
    with receiving() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, database: str, receiver: Receiver) -> Site:
    """A site with an ending of which both have to hear."""
    found = Site(tmp_path)
    found.environ |= {"DATABASE_URL": database, "LEASE": "60"}
    found.run("begin", receiver.url, "2")
    found.run("end", "before the nudge")
    return found


def wait_until_it_waits(follower: Any) -> None:
    """Wait until a deliverer says that it waits."""
    for line in follower.stderr:
        if WAITS in line:
            return
    pytest.fail("The deliverer has ended.")


def finish(site: Site, follower: Any, receiver: Receiver) -> None:
    """Wait until both have heard, and end the deliverer."""
    until(lambda: site.run("state") == (0, "1 heard heard"), "not all have heard")
    follower.send_signal(signal.SIGTERM)
    _, errors = follower.communicate(timeout=PATIENCE)
    assert follower.returncode == 0, errors
    assert sorted(claims["aud"] for claims in receiver.tokens()) == ["app0", "app1"]


def test_database_that_is_down_before(site: Site, database: str, receiver: Receiver) -> None:
    """The deliverer waits for it."""
    with outage(database):
        follower = site.start("follow")
        wait_until_it_waits(follower)
        assert receiver.heard == []
    finish(site, follower, receiver)


def test_database_that_goes_away_while_posting(
    site: Site, database: str, receiver: Receiver
) -> None:
    """What has been heard is written when it is back."""
    with ExitStack() as gone:

        def go_away() -> None:
            receiver.when_posted = lambda: None
            gone.enter_context(outage(database))

        receiver.when_posted = go_away
        follower = site.start("follow")
        until(lambda: receiver.heard, "nothing was posted")
        wait_until_it_waits(follower)
    finish(site, follower, receiver)
