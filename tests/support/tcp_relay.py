"""A way over TCP to a Unix socket that can go silent: connections stay open, and nothing comes through any more.

`python -m tests.support.tcp_relay ADDRESS PORT SOCKET` runs one for good, such as in a network namespace.
"""

from __future__ import annotations

import select
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path


class TcpRelay:
    """Forwards both ways. `freeze()`: what is connected goes silent; `freeze(also_new=True)`: newcomers as well."""

    def __init__(self, target: Path, address: str = "127.0.0.1", port: int = 0) -> None:
        self._target, self.address = target, address
        self._door = socket.create_server((address, port))
        self.port: int = self._door.getsockname()[1]
        self._is_open = True
        self._silent: set[int] = set()
        self._count = 0
        self._new_are_silent = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> TcpRelay:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        self._door.close()

    def freeze(self, *, also_new: bool = False) -> None:
        """Nothing is closed."""
        self._new_are_silent = also_new
        self._silent |= set(range(self._count))

    def thaw(self) -> None:
        """New connections work again; the old ones stay silent."""
        self._new_are_silent = False

    def _accept(self) -> None:
        while self._is_open:
            with suppress(OSError):
                client, _ = self._door.accept()
                number, self._count = self._count, self._count + 1
                if self._new_are_silent:
                    self._silent.add(number)
                threading.Thread(target=self._forward, args=(client, number), daemon=True).start()

    def _forward(self, client: socket.socket, number: int) -> None:
        with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server, suppress(OSError):
            if number in self._silent:
                threading.Event().wait()
            server.connect(str(self._target))
            other = {client: server, server: client}
            while self._is_open:
                ready, _, _ = select.select(list(other), (), (), 0.1)
                for one_end in ready:
                    octets = one_end.recv(1 << 16)
                    if number in self._silent:
                        threading.Event().wait()
                    if not octets:
                        return
                    other[one_end].sendall(octets)


if __name__ == "__main__":
    TcpRelay(Path(sys.argv[3]), sys.argv[1], int(sys.argv[2]))
    threading.Event().wait()
