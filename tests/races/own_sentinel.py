"""A primary, its replica, and a Sentinel that promotes the replica once the primary is gone."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.races.own_redis import OwnRedis, free_port
from tests.waiting import until


class OwnSentinel:
    """Three servers on ports of their own."""

    def __init__(self, folder: Path) -> None:
        for name in ("primary", "replica", "sentinel"):
            (folder / name).mkdir()
        self.primary = OwnRedis(folder / "primary", "--save", "")
        replicates = ("--replicaof", f"127.0.0.1 {self.primary.port}")
        self.replica = OwnRedis(folder / "replica", "--save", "", *replicates)
        self.port = free_port()
        self.addresses = [("127.0.0.1", self.port)]
        #: Clients keep their connections by it, also those to the Sentinel of another test.
        self.service = f"sessions-{self.port}"
        config = folder / "sentinel" / "sentinel.conf"
        config.write_text(
            f"port {self.port}\nbind 127.0.0.1\n"
            f"sentinel monitor {self.service} 127.0.0.1 {self.primary.port} 1\n"
            f"sentinel failover-timeout {self.service} 5000\n"
        )
        command = ["redis-server", str(config), "--sentinel"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(lambda: self._do("PING") == "PONG", "the Sentinel does not come up")
        until(self._knows_replica, "the Sentinel does not find the replica")

    def fail_over(self) -> None:
        """Kill the primary, and come back once its replica has taken over."""
        # Not before: a busy machine would seem to be down.
        self._do("SENTINEL", "SET", self.service, "down-after-milliseconds", "500")
        self.primary.kill()
        address = f"127.0.0.1\n{self.replica.port}"
        question = ("SENTINEL", "get-master-addr-by-name", self.service)
        until(lambda: self._do(*question) == address, "no replica takes over")
        until(lambda: "role:master" in self.replica.do("INFO"), "the replica is none yet")

    def kill(self) -> None:
        """All three are gone."""
        self.process.kill()
        self.process.wait()
        self.primary.kill()
        self.replica.kill()

    def _knows_replica(self) -> bool:
        found = self._do("SENTINEL", "replicas", self.service)
        return f"127.0.0.1:{self.replica.port}" in found and "master-link-status\nok" in found

    def _do(self, *command: str) -> str:
        client = ["redis-cli", "-p", str(self.port), *command]
        found = subprocess.run(client, check=False, capture_output=True, text=True)
        return found.stdout.strip()
