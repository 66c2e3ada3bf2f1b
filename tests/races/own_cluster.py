"""A Redis cluster of the test's own: three primaries, and a replica of each."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.races.own_redis import OwnRedis, free_port
from tests.waiting import until

#: A replica takes over, however long it has not heard of its primary.
ALWAYS_VALID = ("--cluster-replica-validity-factor", "0")
#: Milliseconds after which a server that does not answer has failed. Only when one is to fail, or a
#: busy machine would do.
TIMEOUT = "1000"
PRIMARIES = 3


class OwnCluster:
    """Six servers on ports of their own. Stopping one stops no other."""

    def __init__(self, folder: Path) -> None:
        self.nodes: list[OwnRedis] = []
        for number in range(2 * PRIMARIES):
            here = folder / f"node{number}"
            here.mkdir()
            options = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
            self.nodes.append(OwnRedis(here, *options, "--save", "", *ALWAYS_VALID))
        addresses = [f"127.0.0.1:{node.port}" for node in self.nodes]
        make = ["redis-cli", "--cluster", "create", *addresses, "--cluster-replicas", "1"]
        subprocess.run([*make, "--cluster-yes"], check=True, capture_output=True)
        until(lambda: all(map(self._is_whole, self.nodes)), "the cluster does not come up")
        until(lambda: all(map(_knows_replicas, self.nodes)), "the replicas are not known")
        self.urls = [f"redis://{address}/0" for address in addresses]

    def primary_of(self, key: str) -> OwnRedis:
        """Return the server that has a key."""
        slot = int(self.nodes[0].do("CLUSTER", "KEYSLOT", key))
        for line in self._known_nodes():
            ranges = [part.split("-") for part in line[8:] if part[:1] != "["]
            if any(int(each[0]) <= slot <= int(each[-1]) for each in ranges):
                return self._node(line)
        raise AssertionError(f"no server has the slot {slot}")

    def replica_of(self, primary: OwnRedis) -> OwnRedis:
        """Return the replica of a primary."""
        name = primary.do("CLUSTER", "MYID")
        return next(self._node(line) for line in self._known_nodes() if line[3] == name)

    def fail_over(self, primary: OwnRedis) -> OwnRedis:
        """Kill a primary, and return its replica once that has taken over."""
        replica = self.replica_of(primary)
        alive = [node for node in self.nodes if node is not primary]
        for node in alive:
            node.do("CONFIG", "SET", "cluster-node-timeout", TIMEOUT)
        primary.kill()
        until(lambda: "role:master" in replica.do("INFO"), "no replica takes over")
        until(lambda: all(map(self._is_whole, alive)), "the cluster does not come up again")
        return replica

    def move_slot(self, key: str) -> OwnRedis:
        """Move the slot of a key to another primary, and return that."""
        slot = self.nodes[0].do("CLUSTER", "KEYSLOT", key)
        source = self.primary_of(key)
        lines = [line for line in self._known_nodes() if "master" in line[2]]
        target = next(self._node(line) for line in lines if self._node(line) is not source)
        ids = {node.port: node.do("CLUSTER", "MYID") for node in (source, target)}
        target.do("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source.port])
        source.do("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target.port])
        while keys := source.do("CLUSTER", "GETKEYSINSLOT", slot, "100").split():
            move = ("MIGRATE", "127.0.0.1", str(target.port), "", "0", "60000", "KEYS", *keys)
            source.do(*move)
        for node in (target, source):
            node.do("CLUSTER", "SETSLOT", slot, "NODE", ids[target.port])
        until(lambda: self.primary_of(key) is target, "the slot does not move")
        return target

    def kill(self) -> None:
        """All servers are gone."""
        for node in self.nodes:
            node.kill()

    def _known_nodes(self) -> list[list[str]]:
        seen = next(node for node in self.nodes if node.process and node.process.poll() is None)
        return [line.split() for line in seen.do("CLUSTER", "NODES").splitlines()]

    def _node(self, line: list[str]) -> OwnRedis:
        port = int(line[1].partition("@")[0].rpartition(":")[2])
        return next(node for node in self.nodes if node.port == port)

    def _is_whole(self, node: OwnRedis) -> bool:
        info = node.do("CLUSTER", "INFO")
        return "cluster_state:ok" in info and "cluster_slots_assigned:16384" in info


def _knows_replicas(node: OwnRedis) -> bool:
    """Return whether a server knows which are replicas; at first all are primaries."""
    roles = [line.split()[2] for line in node.do("CLUSTER", "NODES").splitlines()]
    return sum("slave" in role for role in roles) == PRIMARIES
