"""A process is killed at each arrow of a back-channel logout: nothing is lost, nothing is done twice. And while it
asks a provider whether a login still stands: the next process asks again."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.projects.federation.token_server import running
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow

ARROWS = ["before the notice", "after the notice", "within the ending", "after the ending"]


class Site:
    """A site whose processes end one after the other, on one database."""

    def __init__(self, folder: Path, key: str, engine: str, **more: str) -> None:
        self.environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.projects.federation.settings",
            "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
            "SESSION_ENGINE": engine,
            "FEDERATION_KEY": key,
            **more,
        }

    def run(self, *step: str) -> tuple[int, str]:
        """Run a step in a process of its own; return how it ended, and what it said."""
        command = [sys.executable, "-m", "tests.projects.federation.site", *step]
        options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": PATIENCE}
        done = subprocess.run(command, cwd=ROOT, env=self.environ, check=False, **options)
        assert done.returncode in {0, -9}, done.stderr
        return done.returncode, done.stdout.strip()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A new one, with a key of the provider that all of its processes know."""
    return Site(tmp_path, str(tmp_path / "key.pem"), "db")


@pytest.mark.parametrize("arrow", ARROWS)
def test_the_provider_tries_again(site: Site, arrow: str) -> None:
    """With the same token: it is worked on once more, and only then used up."""
    cookie, raw = site.run("begin")[1].split()
    assert site.run("receive", raw, arrow) == (-9, "")
    assert site.run("receive", raw) == (0, "200")
    assert site.run("who", cookie) == (0, "user= 1 True")
    assert site.run("receive", raw) == (0, "400")


@pytest.mark.parametrize("arrow", ARROWS[1:])
def test_the_provider_does_not_try_again(site: Site, arrow: str) -> None:
    """Then the command does."""
    cookie, raw = site.run("begin")[1].split()
    assert site.run("receive", raw, arrow) == (-9, "")
    site.run("retry")
    assert site.run("who", cookie) == (0, "user= 1 True")


@pytest.mark.parametrize(
    ("arrow", "fails", "meanwhile"),
    [("before the question", "closed", "503 0"), ("after the answer", "open", "user=ann 0")],
)
def test_the_provider_is_asked_again(
    tmp_path: Path, arrow: str, fails: str, meanwhile: str
) -> None:
    """Its answer, that the login has ended, was lost. For half a minute it counts as none."""
    with running() as op:
        site = Site(tmp_path, str(tmp_path / "key.pem"), "db", RECHECK=fails, TOKEN_SERVER=op.url)
        op.answer = "ended"
        cookie, _ = site.run("begin")[1].split()
        site.run("later")
        assert site.run("who", cookie, arrow) == (-9, "")
        asked = len(op.asked)
        assert asked == (arrow == "after the answer")
        assert (site.run("who", cookie), len(op.asked)) == ((0, meanwhile), asked)
        site.run("later")
        assert (site.run("who", cookie), len(op.asked)) == ((0, "user= 1"), asked + 1)
