"""A Redis or Valkey of the test's own, that it can kill, hang and start again."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from pathlib import Path

from tests.waiting import PATIENCE, until


def free_port() -> int:
    """Return a port that is not in use now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


#: What was acknowledged is there again after a restart.
KEEPS_ALL = ("--appendonly", "yes", "--appendfsync", "always")
#: A restart brings back what it held when it last took a snapshot.
KEEPS_SNAPSHOTS = ("--save", "3600 1000000", "--repl-diskless-sync-delay", "0")


class OwnRedis:
    """One server on a port of its own."""

    def __init__(
        self, folder: Path, *options: str, port: int | None = None, program: str = "redis-server"
    ) -> None:
        self.folder, self.port, self.program = folder, port or free_port(), program
        self.options = options or KEEPS_ALL
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Up, with what its options keep."""
        command = [self.program, "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self.folder), *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(self._answers, f"{self.program} does not come up")

    def kill(self) -> None:
        """Down at once: connections are refused."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def do(self, *command: str) -> str:
        """Return the server's answer to a command. Raises ``CalledProcessError`` if it refuses."""
        client = ["redis-cli", "-e", "-p", str(self.port), *command]
        return subprocess.run(client, check=True, capture_output=True, text=True).stdout.strip()

    def wait_for(self, replica: OwnRedis) -> None:
        """Wait until a replica has all that was written here until now.

        By the numbers, because ``WAIT`` is about what its own connection has written: nothing.
        """
        written = self._fact("master_repl_offset")
        until(
            lambda: replica._fact("slave_repl_offset") >= written, "the replica does not catch up"
        )

    def cut_off(self, replica: OwnRedis) -> None:
        """Let a replica hear nothing more, once it has heard everything until now."""
        self.wait_for(replica)
        self.do("ACL", "SETUSER", "default", "-psync", "-sync")
        self.do("CLIENT", "KILL", "TYPE", "replica")
        until(lambda: "connected_slaves:0" in self.do("INFO"), "the replica still follows")

    def hang(self) -> None:
        """Connections are taken, and never answered."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Answer again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _fact(self, name: str) -> int:
        found = re.search(rf"^{name}:(\d+)", self.do("INFO", "replication"), re.MULTILINE)
        return int(found[1]) if found else 0

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
