"""The API bench's client: what it counts as right, wrong and lost, on a server of the test's own."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from tests.bench.http_load import CALLERS, Call, load


class _Handler(BaseHTTPRequestHandler):
    """Says the status that the path asks for; counts connections."""

    protocol_version = "HTTP/1.1"
    connections: ClassVar[set[tuple[str, int]]] = set()
    bodies: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.connections.add(self.client_address)
        self.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self._say()

    def do_GET(self) -> None:
        self.connections.add(self.client_address)
        self._say()

    def _say(self) -> None:
        if self.path == "/gone":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        octets = b"" if self.path == "/empty" else b'{"ok": true}'
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_: object) -> None:
        return

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            return


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    _Handler.connections.clear()
    _Handler.bodies.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield "127.0.0.1", server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_callers_keep_their_connections_and_send_each_call_once(server: tuple[str, int]) -> None:
    calls = iter([Call("POST", "/right", body={"number": number}) for number in range(100)])
    result = load(server, {}, lambda: next(calls, None), 30)
    assert (result.answered, result.wrong, result.lost, len(result.latencies)) == (100, 0, 0, 100)
    assert len(_Handler.connections) <= CALLERS and len(set(_Handler.bodies)) == 100
    assert 0 < result.seconds < 30 and result.rate == pytest.approx(100 / result.seconds)


@pytest.mark.parametrize(
    ("path", "counts"), [("/missing", (10, 10, 0)), ("/empty", (10, 10, 0)), ("/gone", (0, 0, 10))]
)
def test_what_is_not_right_is_not_counted_as_right(
    server: tuple[str, int], path: str, counts: tuple[int, int, int]
) -> None:
    calls = iter([Call("GET", path)] * 10)
    result = load(server, {}, lambda: next(calls, None), 30)
    assert (result.answered, result.wrong, result.lost) == counts


def test_it_ends_in_time(server: tuple[str, int]) -> None:
    result = load(server, {}, lambda: Call("GET", "/right"), 0.2)
    assert 0.2 <= result.seconds < 2 and result.answered > 0
