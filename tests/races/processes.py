"""Races on demand: real processes on real servers, stopped between two steps and let go on.

A :class:`World` is one site: a database, a session engine, a cache, and some processes that
serve it. A :class:`Browser` asks for pages; ``browser.begin(…, stop="view")`` returns when that
request has reached the point, and its ``finish()`` lets it go on.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.races import worker
from tests.waiting import PATIENCE

_spawn = multiprocessing.get_context("spawn")

COOKIE = "sessionid"


@dataclass
class Answer:
    """What a browser is told."""

    status: int
    text: str
    url: str
    cookies: dict[str, str | None]
    errors: list[str]
    "Tracebacks of what was answered with a 500."


class Worker:
    """One process, seen from the test."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.pipe, other_end = _spawn.Pipe()
        arguments = (other_end, environment)
        self.process = _spawn.Process(target=worker.main, args=arguments, daemon=True)
        self.process.start()
        other_end.close()
        self.site: Any = None
        self.busy = False

    def tell(self, task: str, **arguments: Any) -> None:
        """Give it something to do."""
        self.busy = True
        self.pipe.send((task, arguments))

    def hear(self) -> tuple[str, Any]:
        """What it says next."""
        if not self.pipe.poll(PATIENCE):
            raise AssertionError("The worker neither stops nor finishes.")
        kind, value = self.pipe.recv()
        if kind == "failed":
            self.busy = False
            raise AssertionError(value)
        self.busy = kind != "done"
        return kind, value

    def do(self, task: str, **arguments: Any) -> Any:
        """Give it something to do, and wait for the result."""
        self.tell(task, **arguments)
        kind, value = self.hear()
        assert kind == "done", (kind, value)
        return value

    def quit(self) -> None:
        """Let it end, without waiting for it."""
        self.pipe.send(None)


class Pool:
    """The processes on one database; they change sites from test to test."""

    def __init__(self, url: str, name: str, *, plain: bool = False) -> None:
        self.environment = {"DATABASE_URL": url, "FAULTS_DATABASE": name}
        self.environment["FAULTS_PLAIN"] = "1" if plain else "0"
        self.workers: list[Worker] = []

    def take(self) -> Worker:
        """A process that has nothing to do."""
        for each in self.workers:
            if not each.busy:
                self.workers.remove(each)
                self.workers.append(each)  # the next request goes to another process
                return each
        self.workers.append(Worker(self.environment))
        return self.workers[-1]

    def drop_busy(self) -> None:
        """Do without processes that a failed test has left in the middle of something."""
        for each in [each for each in self.workers if each.busy]:
            self.workers.remove(each)
            each.process.kill()
            each.process.join()

    def quit(self) -> None:
        """End the processes."""
        self.drop_busy()
        for each in self.workers:
            each.quit()
        for each in self.workers:
            each.process.join(PATIENCE)


@dataclass
class Pending:
    """A task under way."""

    worker: Worker
    browser: Browser | None = None
    where: str = ""
    "The point where it has stopped; empty: it is done."
    value: Any = None

    def wait(self) -> Pending:
        """Until it has stopped or is done."""
        kind, value = self.worker.hear()
        self.where = value if kind == "stopped" else ""
        self.value = value if kind == "done" else None
        return self

    def go(self, *stops: str) -> None:
        """Let it go on, without waiting."""
        self.worker.pipe.send(list(stops))

    def finish(self) -> Any:
        """Let it go on to its end; the browser takes the cookies it is given."""
        while self.where:
            self.go()
            self.wait()
        if self.browser is None:
            return self.value
        return self.browser.take(Answer(**self.value))


@dataclass
class World:
    """One site."""

    pool: Pool
    engine: str
    settings: dict[str, Any]
    gap: str = ""
    "The point in the middle of this engine's own save."
    atomic: bool = False
    members: list[str] = field(default_factory=list)

    def worker(self) -> Worker:
        """A free process, set up to serve this site."""
        worker = self.pool.take()
        site = (self.settings, self.atomic)
        if worker.site != site:
            worker.do("configure", settings=self.settings, atomic=self.atomic)
            worker.site = (deepcopy(self.settings), self.atomic)
        return worker

    def do(self, task: str, **arguments: Any) -> Any:
        """Have a process do something."""
        return self.worker().do(task, **arguments)

    def begin(self, task: str, *stops: str, **arguments: Any) -> Pending:
        """Have a process do something, and come back when it has stopped."""
        pending = Pending(self.worker())
        pending.worker.tell(task, stops=list(stops), **arguments)
        pending.wait()
        assert bool(pending.where) == bool(stops), f"expected {stops}, got {pending}"
        return pending

    def add_user(self) -> str:
        """Create a user, whose password is the name."""
        name = f"u{uuid4().hex[:12]}"
        self.do("add_user", name=name, password=name)
        return name

    def browser(self, name: str = "") -> Browser:
        """Return a browser, which is logged in if a user is named."""
        browser = Browser(self)
        if name:
            browser.login(name)
        return browser

    def served(self, cookies: Iterable[str]) -> set[str]:
        """Everybody as whom any of these cookies is served, by any of the processes."""
        found = set()
        for cookie in dict.fromkeys(cookies):
            for _ in self.pool.workers:
                copy = Browser(self, {COOKIE: cookie})
                found.add(copy.get("/").text)
        return found - {""}

    def served_once(self, cookies: Iterable[str]) -> set[str]:
        """Like :meth:`served`, asking one process for each."""
        found = {Browser(self, {COOKIE: cookie}).get("/").text for cookie in set(cookies)}
        return found - {""}


@dataclass
class Browser:
    """One browser: its cookies, and every session cookie it has ever been given."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    name: str = ""

    def begin(self, path: str, *stops: str, method: str = "GET", **how: Any) -> Pending:
        """Send a request, and come back when it has stopped at a point, or is answered."""
        pending = self.send(path, *stops, method=method, **how).wait()
        assert bool(pending.where) == bool(stops), f"expected {stops}, got {pending}"
        return pending

    def send(self, path: str, *stops: str, method: str = "GET", **how: Any) -> Pending:
        """Send a request, and do not wait for anything."""
        pending = Pending(self.world.worker(), self)
        data = how.pop("data", {})
        request = {"method": method, "path": path, "cookies": self.cookies, "data": data}
        pending.worker.tell("serve", stops=list(stops), **request, **how)
        return pending

    def get(self, path: str, **how: Any) -> Answer:
        """Ask for a page."""
        answer: Answer = self.begin(path, **how).finish()
        return answer

    def post(self, path: str, **data: Any) -> Answer:
        """Send a form."""
        answer: Answer = self.begin(path, method="POST", data=data).finish()
        return answer

    def take(self, answer: Answer) -> Answer:
        """Store the cookies of an answer."""
        for name, value in answer.cookies.items():
            if not value:
                self.cookies.pop(name, None)
                continue
            self.cookies[name] = value
            if name == COOKIE:
                self.history.append(value)
        return answer

    def login(self, name: str) -> Answer:
        """Log in by the form."""
        self.name = name
        answer = self.post("/login/", username=name, password=name)
        assert answer.status == 302, answer
        return answer

    def logout(self, path: str = "/logout/") -> Answer:
        """Press the button."""
        return self.post(path)

    def user(self) -> str:
        """Who the site says this is."""
        return self.get("/").text
