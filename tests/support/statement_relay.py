"""Between a part and PostgreSQL: reads the statements of one application, and does something at the nth of them.

PostgreSQL's frontend protocol, version 3: messages of a type (one octet) and a length; the first of a connection has
no type. Statements come as `Q` (simple query), as psycopg2 sends them.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_STARTUP = 196608


@dataclass
class Trap:
    """At the `number`th statement of `application`, counted from the first that holds `since`: `act`, with the port it
    was sent from.

    `after`: once PostgreSQL has answered it, and before the application hears of that. Nothing of that connection goes
    through any more, either way.
    """

    application: str
    number: int
    act: Callable[[int], None]
    since: bytes = b""
    after: bool = False
    seen: list[bytes] = field(default_factory=list)
    sprung: threading.Event = field(default_factory=threading.Event)

    def counts(self, statement: bytes) -> bool:
        """Whether this is the statement; it is counted."""
        if self.sprung.is_set() or (not self.seen and self.since not in statement):
            return False
        self.seen.append(statement)
        return len(self.seen) == self.number


class StatementRelay:
    """TCP on loopback to the server's Unix socket."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.trap: Trap | None = None
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address, self.port = self._door.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Nobody new; who is connected stays so."""
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
            with suppress(OSError, EOFError):
                server.connect(str(self._target))
                self._forward(client, server)
            # Closing alone does not reach a server that another thread still listens to.
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        application = self._greet(client, server)
        heard, held = threading.Event(), threading.Event()
        threading.Thread(target=_pour, args=(server, client, heard, held), daemon=True).start()
        while True:
            message = _message(client)
            trap = self.trap
            is_watched = trap is not None and message[:1] == b"Q" and application == trap.application
            if trap is not None and is_watched and trap.counts(message[5:-1]):
                self._spring(trap, (client, server), message, heard, held)
                return
            server.sendall(message)

    @staticmethod
    def _greet(client: socket.socket, server: socket.socket) -> str:
        """Requests for encryption are answered by the server; then the name that the application gives itself."""
        while True:
            head = _exactly(client, 8)
            length, code = struct.unpack("!II", head)
            body = _exactly(client, length - 8)
            server.sendall(head + body)
            if code == _STARTUP:
                words = body.split(b"\0")
                return dict(zip(words[::2], words[1::2], strict=False)).get(b"application_name", b"").decode()
            client.sendall(_exactly(server, 1))

    @staticmethod
    def _spring(
        trap: Trap,
        ends: tuple[socket.socket, socket.socket],
        message: bytes,
        heard: threading.Event,
        held: threading.Event,
    ) -> None:
        client, server = ends
        if trap.after:
            heard.clear()
            held.set()
            server.sendall(message)
            assert heard.wait(30), "PostgreSQL does not answer"
        trap.act(client.getpeername()[1])
        trap.sprung.set()


def _pour(server: socket.socket, client: socket.socket, heard: threading.Event, held: threading.Event) -> None:
    """What the server says, to the client; while `held`, it is only heard."""
    with suppress(OSError):
        while octets := server.recv(1 << 16):
            heard.set()
            if not held.is_set():
                client.sendall(octets)
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


def _message(client: socket.socket) -> bytes:
    head = _exactly(client, 5)
    return head + _exactly(client, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(source: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        more = source.recv(count - len(octets))
        if not more:
            raise EOFError
        octets += more
    return octets
