"""Waits for what another process does: for minutes, because a busy machine breaks any tighter
limit."""

import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

#: Seconds after which what has not come is a failure of the test.
PATIENCE = 120


def until(condition: Callable[[], object], failure: str) -> None:
    """Wait until a condition holds, and fail with these words if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, failure
        time.sleep(0.02)


def until_served(port: int, process: subprocess.Popen[Any]) -> None:
    """Wait until a server that has just been started takes connections."""

    def listens() -> bool:
        assert process.poll() is None, f"{process.args} has ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
        except OSError:
            return False
        return True

    until(listens, f"{process.args} does not come up")
