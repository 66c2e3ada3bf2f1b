"""What one process has been told counts in another, which has just served the session: on every engine and database."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests import engines, services
from tests.example_site import scratch_database
from tests.projects.federation.test_killed import ROOT
from tests.projects.federation.token_server import TokenServer, running

pytestmark = pytest.mark.slow

SERVED, REFUSED = [200, "user=ann"], [200, "user="]


class Worker:
    """A process of the site."""

    def __init__(self, environ: dict[str, str]) -> None:
        command = [sys.executable, "-m", "tests.projects.federation.worker"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process: Any = subprocess.Popen(command, cwd=ROOT, env=environ, **pipes)

    def tell(self, task: str, **arguments: Any) -> None:
        """Give a task."""
        self.process.stdin.write(json.dumps([task, arguments]) + "\n")
        self.process.stdin.flush()

    def hear(self) -> Any:
        """Return the result."""
        line = self.process.stdout.readline()
        assert line, "The process has ended."
        return json.loads(line)

    def do(self, task: str, **arguments: Any) -> Any:
        """Have something done."""
        self.tell(task, **arguments)
        return self.hear()

    def end(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Pair:
    """Two processes on one database."""

    def __init__(self, database: str, op: TokenServer, folder: Path, stack: ExitStack) -> None:
        url = f"sqlite:///{folder / 'site.sqlite3'}"
        if database != "sqlite":
            url = stack.enter_context(scratch_database(services.URLS[database]))
        environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.projects.federation.settings",
            "DATABASE_URL": url,
            "FEDERATION_KEY": str(folder / "key.pem"),
            "RECHECK": "open",
            "TOKEN_SERVER": op.url,
        }
        self.op, self.folder = op, folder
        self.workers: list[Worker] = []
        for task in ("migrate", "forget"):  # The first also makes the provider's key.
            self.workers.append(Worker(environ))
            stack.callback(self.workers[-1].end)
            self.workers[-1].do(task)

    def use(self, setup: str) -> None:
        """Keep sessions in one of the engines."""
        shared = {"setup": setup, "prefix": uuid4().hex, "folder": str(self.folder)}
        for each in self.workers:
            each.do("use", **shared)

    def at_once(self, *tasks: tuple[str, dict[str, Any]]) -> list[Any]:
        """Have each process do one of two things at the same time."""
        for each, (task, arguments) in zip(self.workers, tasks, strict=True):
            each.tell(task, **arguments)
        return [each.hear() for each in self.workers]


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mariadb"])
def pair(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two processes on each database."""
    services.need(request.param)
    with ExitStack() as stack:
        op = stack.enter_context(running())
        yield Pair(request.param, op, tmp_path_factory.mktemp("pair"), stack)


@pytest.mark.parametrize("setup", [engines.param(name) for name in engines.ALL])
def test_a_process_that_has_served_the_session_refuses_it(pair: Pair, setup: str) -> None:
    """From its next request on: by logout token, by a frame, and by a token of all of the user's sessions."""
    one, two = pair.workers
    pair.use(setup)
    names = [uuid4().hex for _ in range(4)]
    cookies = [one.do("arrive", sid=name, subject="1") for name in names[:2]]
    cookies += [one.do("arrive", subject=names[2]), one.do("arrive", sid=names[3], subject="1")]

    def served() -> list[Any]:
        both = [
            [each.do("get", path="/", cookie=cookie) for cookie in cookies] for each in pair.workers
        ]
        assert both[0] == both[1]
        return [found == SERVED for found in both[0]]

    assert served() == served() == [True] * 4
    raw = two.do("sign", sid=names[0], sub=None)
    assert two.do("receive", raw=raw) == 200
    assert served() == [False, True, True, True]
    assert one.do("receive", raw=raw) == 400
    two.do("get", path=f"/frontchannel/?iss=https://op.example&sid={names[1]}")
    assert served() == [False, False, True, True]
    assert two.do("receive", raw=two.do("sign", sub=names[2])) == 200
    assert served() == [False, False, False, True]


def test_one_token_in_two_processes_at_once(pair: Pair) -> None:
    """It ends the session once, and both answers are true: it has ended."""
    pair.use("db")
    for _ in range(5):
        sid, before = uuid4().hex, len(pair.workers[0].do("endings"))
        cookie = pair.workers[0].do("arrive", sid=sid, subject="1")
        raw = pair.workers[0].do("sign", sid=sid, sub=None)
        statuses = pair.at_once(("receive", {"raw": raw}), ("receive", {"raw": raw}))
        assert 200 in statuses
        assert set(statuses) <= {200, 400}
        assert pair.workers[1].do("get", path="/", cookie=cookie) == REFUSED
        assert len(pair.workers[0].do("endings")) == before + 1


def test_two_processes_look_at_once(pair: Pair) -> None:
    """One of them asks the provider; both serve the session."""
    pair.use("db")
    for _ in range(3):
        cookie = pair.workers[0].do("arrive", subject=uuid4().hex, refresh_token="r1")
        pair.workers[0].do("later")
        pair.workers[1].do("forget")
        pair.op.asked.clear()
        looks = [("get", {"path": "/", "cookie": cookie})] * 2
        assert pair.at_once(*looks) == [SERVED, SERVED]
        assert len(pair.op.asked) == 1


def test_token_is_kept_where_the_request_is_undone(pair: Pair) -> None:
    """A view fails after the provider has given out a new token, and its transaction is rolled back."""
    if "sqlite" in pair.workers[0].do("get", path="/vendor/")[1]:
        pytest.skip("SQLite has one writer, which is the transaction.")
    pair.use("db")
    cookie = pair.workers[0].do("arrive", subject=uuid4().hex, refresh_token="r1")
    pair.workers[0].do("later")
    pair.op.asked.clear()
    assert pair.workers[0].do("get", path="/fail/", cookie=cookie)[0] == 500
    assert len(pair.op.asked) == 1
    assert "r2" in pair.workers[1].do("kept")
