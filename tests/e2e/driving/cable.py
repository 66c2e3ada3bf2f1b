"""The way to a server, which can be cut: for each engine the same as being offline, but for its icon."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread


class Cable:
    """Forwards connections from a port of its own."""

    def __init__(self, server: int) -> None:
        """Lead to a server's port on this machine."""
        self.server, self.port = server, 0
        self.ends: list[socket.socket] = []
        self.mend()

    def mend(self) -> None:
        """Let connections through, again."""
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End all connections, and refuse new ones."""
        for each in (self.listener, *self.ends):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self.ends.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.server))
                self.ends += [near, far]
                for ends in ((near, far), (far, near)):
                    Thread(target=self._forward, args=ends, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def cable(server: int) -> Iterator[Cable]:
    """Lead to a server's port until the end of a test."""
    found = Cable(server)
    try:
        yield found
    finally:
        found.cut()
