"""Logouts are delivered by a real worker of a real queue, which is down, loses tasks, and comes back."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from tests.clients import LOGOUT
from tests.projects.clients_toolkit.test_killed import ROOT, Site
from tests.projects.issuing import Receiver, receiving
from tests.races.own_redis import OwnRedis, free_port
from tests.waiting import PATIENCE, until, until_served

pytestmark = [pytest.mark.slow, pytest.mark.needs("redis-server", "redis-cli", "gunicorn")]

#: Seconds that no test lasts.
NEVER = "86400"
#: Seconds in which a worker looks for tasks more than once.
A_WHILE = 3.0

WORKERS = {
    "db": ["db_worker", "--interval=0.1", "--no-startup-delay"],
    "rq": [
        "rqworker",
        "default",
        "--with-scheduler",
        "--job-class=django_tasks_rq.Job",
        "--worker-class=rq.SimpleWorker",  # It has no process of its own for each task.
    ],
}


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


class QueueSite(Site):
    """A site whose web server and worker are processes of their own."""

    def __init__(self, folder: Path, queue: str, stack: ExitStack) -> None:
        super().__init__(folder)
        self.queue, self.log, self._stack = queue, folder / "deliveries.log", stack
        self.port = free_port()
        self.environ |= {
            "DJANGO_SETTINGS_MODULE": "tests.projects.task_queues.settings",
            "QUEUE": queue,
            "LOG": str(self.log),
            "LEASE": "60",
            "LATE": NEVER,
        }
        #: The server of the queue, if it has one of its own.
        self.redis = OwnRedis(folder) if queue == "rq" else None
        if self.redis is not None:
            stack.callback(self.redis.kill)
            self.environ["QUEUE_URL"] = self.redis.url
        self.sessions: list[str] = []
        #: What the processes say, for who looks for the reason of a failure.
        self.output = stack.enter_context((folder / "output").open("w"))

    def log_in(self, urls: str, applications: str, logins: str = "1") -> None:
        """Log a user in, so many times, to applications that hear at the URLs."""
        _, said = self.run("begin", urls, applications, logins)
        self.sessions = said.split()

    def serve(self, **environ: str) -> Any:
        """Start the web server."""
        wsgi = "django.core.wsgi:get_wsgi_application()"
        address = f"--bind=127.0.0.1:{self.port}"
        command = ["-m", "gunicorn", wsgi, address, "--threads=4", "--no-control-socket"]
        process = self._start(command, ROLE="web", **environ)
        until_served(self.port, process)
        return process

    def work(self, **environ: str) -> Any:
        """Start the worker."""
        return self._start(["-m", "django", *WORKERS[self.queue]], ROLE="worker", **environ)

    def _start(self, command: list[str], **environ: str) -> Any:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**self.environ, **environ},
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._stack.callback(kill, process)
        return process

    def log_out(self, session: str = "") -> int:
        """Log out in a browser, and return the status of the answer."""
        token = "t" * 32
        headers = {
            "Cookie": f"sessionid={session or self.sessions.pop()}; csrftoken={token}",
            "X-CSRFToken": token,
        }
        request = Request(f"http://127.0.0.1:{self.port}{LOGOUT}", b"", headers)
        try:
            with build_opener(_NoRedirect).open(request, timeout=PATIENCE) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    def told_by(self) -> list[str]:
        """Return which process has told each application, in this order."""
        said = self.log.read_text() if self.log.exists() else ""
        return re.findall(r"^(\w+): The application \S+ has heard", said, re.M)

    def lose_tasks(self) -> None:
        """Empty the queue."""
        if self.redis is not None:
            assert self.redis.do("FLUSHALL") == "OK"
        else:
            self.run("lose")


def kill(process: Any) -> None:
    """End a process and those that it has started, as the kernel does."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(params=["db", "rq"])
def site(request: Any, tmp_path: Path) -> Iterator[QueueSite]:
    """One for each queue."""
    with ExitStack() as stack:
        yield QueueSite(tmp_path, request.param, stack)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An application."""
    with receiving() as found:
        yield found


def test_worker_delivers(site: QueueSite, receiver: Receiver) -> None:
    """Not the process that has ended the session. What happens while no worker runs, waits."""
    site.log_in(receiver.url, "2", "2")
    site.serve()
    worker = site.work()
    assert site.log_out() == 200
    until(lambda: len(site.told_by()) == 2, "no one was told")
    kill(worker)
    assert site.log_out() == 200
    time.sleep(A_WHILE)
    assert len(receiver.heard) == 2
    site.work()
    until(lambda: len(site.told_by()) == 4, "the worker has told no one")
    assert site.told_by() == ["worker"] * 4
    assert len(receiver.heard) == 4


def test_later_tries_are_tasks(site: QueueSite, receiver: Receiver) -> None:
    """They need neither another logout nor the process of the first."""
    receiver.status = 503
    site.log_in(receiver.url, "1")
    web = site.serve(WAIT="1")
    assert site.log_out() == 200
    kill(web)
    site.work(WAIT="1")
    until(lambda: len(receiver.heard) >= 2, "it was not tried again")
    receiver.status = 200
    until(lambda: site.told_by() == ["worker"], "it has not heard")


def test_tasks_that_are_lost(site: QueueSite, receiver: Receiver) -> None:
    """The process that has ended the session delivers what is late. No other logout is needed."""
    site.log_in(receiver.url, "2")
    site.serve(LATE="2")
    assert site.log_out() == 200
    site.lose_tasks()
    site.work()
    until(lambda: len(site.told_by()) == 2, "no one was told")
    assert site.told_by() == ["web"] * 2
    assert len(receiver.heard) == 2


@pytest.mark.parametrize("site", ["rq"], indirect=True)
def test_queue_goes_away_and_comes_back(site: QueueSite, receiver: Receiver) -> None:
    """Each application hears at least once, and none again that has refused for good."""
    assert site.redis is not None
    with receiving() as refusing:
        refusing.status = 400
        site.log_in(f"{receiver.url},{refusing.url}", "2", "3")
        site.serve()
        site.work()
        assert site.log_out() == 200
        until(lambda: (len(receiver.heard), len(refusing.heard)) == (1, 1), "not all were told")
        site.redis.kill()
        assert site.log_out() == 200
        until(lambda: (len(receiver.heard), len(refusing.heard)) == (2, 2), "not all were told")
        site.redis.start()
        site.work()  # The first may have ended with its server.
        assert site.log_out() == 200
        until(lambda: (len(receiver.heard), len(refusing.heard)) == (3, 3), "not all were told")
        time.sleep(A_WHILE)
        assert (len(receiver.heard), len(refusing.heard)) == (3, 3)
    assert site.told_by() == ["worker", "web", "worker"]
    assert site.run("state") == (0, "3 heard heard heard failed failed failed")


@pytest.mark.parametrize("site", ["rq"], indirect=True)
def test_queue_is_killed_with_a_task_in_it(site: QueueSite, receiver: Receiver) -> None:
    """What it keeps, the worker does when it is back."""
    assert site.redis is not None
    site.log_in(receiver.url, "2")
    site.serve()
    assert site.log_out() == 200
    site.redis.kill()
    time.sleep(1)
    assert receiver.heard == []
    site.redis.start()
    site.work()
    until(lambda: len(site.told_by()) == 2, "no one was told")
    assert site.told_by() == ["worker"] * 2


def test_worker_is_killed_while_posting(site: QueueSite, receiver: Receiver) -> None:
    """Its task is lost with it, and its lease runs out."""
    site.environ["LEASE"] = "1"
    site.log_in(receiver.url, "1", "2")
    site.serve(LATE="15")
    worker = site.work()
    assert site.log_out() == 200
    until(site.told_by, "no one was told")
    receiver.when_posted = lambda: kill(worker)
    assert site.log_out() == 200
    until(lambda: len(site.told_by()) == 2, "no one was told")
    assert site.told_by() == ["worker", "web"]
    assert len(receiver.heard) == 3
