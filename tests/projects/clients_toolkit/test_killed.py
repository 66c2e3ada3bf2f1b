"""A process is killed at each arrow of a delivery: every application hears, and of nothing that was rolled back."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.projects.issuing import Receiver, receiving
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow
LEASE = 0.5


class Site:
    """A site whose processes end one after the other, on one database."""

    def __init__(self, folder: Path) -> None:
        self.environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.projects.clients_toolkit.settings",
            "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
            "LEASE": str(LEASE),
        }

    def start(self, *step: str) -> Any:
        """Start a step in a process of its own."""
        command = [sys.executable, "-m", "tests.projects.clients_toolkit.site", *step]
        pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=ROOT, env=self.environ, **pipes)

    def run(self, *step: str) -> tuple[int, str]:
        """Run a step; return how it ended, and what it said."""
        process = self.start(*step)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode in {0, -9}, err
        return process.returncode, out.strip()


@pytest.fixture(scope="module")
def begun(tmp_path_factory: Any) -> Iterator[tuple[Path, Receiver]]:
    """A site with a login at two applications, and what hears of it."""
    folder = tmp_path_factory.mktemp("site")
    with receiving() as receiver:
        Site(folder).run("begin", receiver.url, "2")
        yield folder, receiver


@pytest.fixture
def receiver(begun: tuple[Path, Receiver]) -> Receiver:
    """Both applications, which have heard nothing yet."""
    begun[1].heard.clear()
    return begun[1]


@pytest.fixture
def site(tmp_path: Path, begun: tuple[Path, Receiver]) -> Site:
    """A copy of that site."""
    shutil.copytree(begun[0], tmp_path, dirs_exist_ok=True)
    return Site(tmp_path)


def test_ending_that_is_killed_has_told_nothing(site: Site, receiver: Receiver) -> None:
    """Both are in one transaction. It is done again, and told then."""
    assert site.run("end", "within the ending") == (-9, "")
    assert site.run("state") == (0, "0")
    site.run("deliver")
    assert receiver.heard == []
    site.run("end")
    site.run("deliver")
    assert site.run("state") == (0, "1 heard heard")
    assert len(receiver.heard) == 2


def test_killed_after_the_commit(site: Site, receiver: Receiver) -> None:
    """No one was nudged; whatever delivers next finds the rows."""
    assert site.run("end", "before the nudge") == (-9, "")
    assert site.run("state") == (0, "1 waiting waiting")
    site.run("deliver")
    assert site.run("state") == (0, "1 heard heard")
    assert len(receiver.heard) == 2


def test_command_that_ends_of_itself(site: Site, receiver: Receiver) -> None:
    """Its thread has told all applications before, and has left no claim."""
    site.environ["LEASE"] = "60"
    status, said = site.run("command")
    assert (status, said.splitlines()[0]) == (0, "Ended: session: 1, oauth_token: 2.")
    assert site.run("state") == (0, "1 heard heard")
    assert len(receiver.heard) == 2


@pytest.mark.parametrize(
    ("arrow", "posts"),
    [
        ("after the claim", {2}),
        ("before the post", {2}),
        ("after the post", {3, 4}),
        ("before the outcome", {3, 4}),
        ("after the outcome", {2, 3}),
    ],
)
def test_deliverer_is_killed(site: Site, receiver: Receiver, arrow: str, posts: set[int]) -> None:
    """What it had claimed is taken up again when the lease is over. What was posted and not noted is told twice."""
    site.run("end")
    assert site.run("deliver", arrow) == (-9, "")
    time.sleep(LEASE)
    site.run("deliver")
    assert site.run("state") == (0, "1 heard heard")
    assert len(receiver.heard) in posts
    assert {claims["aud"] for claims in receiver.tokens()} == {"app0", "app1"}
    names = [claims["jti"] for claims in receiver.tokens()]
    assert len(set(names)) == len(names)


def test_deliverers_side_by_side(tmp_path: Path, receiver: Receiver) -> None:
    """Each application hears once."""
    site = Site(tmp_path)
    site.environ["LEASE"] = "60"
    site.run("begin", receiver.url, "20")
    site.run("end")
    processes = [site.start("deliver") for _ in range(3)]
    errors = [process.communicate(timeout=PATIENCE)[1] for process in processes]
    assert errors == ["", "", ""]
    assert site.run("state") == (0, f"1 {' '.join(['heard'] * 20)}")
    assert len(receiver.heard) == 20
