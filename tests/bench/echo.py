"""A server that answers at once with nothing: what the generator reaches against it is the generator's ceiling."""

import multiprocessing
import select
import socket

from tests.bench.datagrams import Inbox
from tests.bench.load import IDENTIFIERS, Stream, drive
from tests.bench.result import Result, Window
from tests.radius_client import Code

# More than any generator in Python sends in a second.
_PER_SECOND = 150_000


def ceiling(seconds: float = 2.0, in_flight: int = 64, *, bursts: bool = False) -> Result:
    """What this machine's generator can do at most, with packets of a login's size."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        server = multiprocessing.get_context("fork").Process(target=_serve, args=(sock,), daemon=True)
        server.start()
        try:
            packets = [_packet(at) for at in range(int(_PER_SECOND * seconds))]
            stream = Stream(packets, b"", sock.getsockname(), Window(in_flight), Code.ACCESS_ACCEPT, bursts=bursts)
            [result] = drive([stream], seconds)
            return result
        finally:
            server.kill()
            server.join()


def _packet(at: int) -> bytes:
    return bytes((Code.ACCESS_REQUEST, at % IDENTIFIERS)) + at.to_bytes(8, "big") + bytes(172)


def _serve(sock: socket.socket) -> None:
    inbox = Inbox()
    while True:
        select.select([sock], (), ())
        count = inbox.receive(sock.fileno())
        inbox.octets[0 : count * inbox.SIZE : inbox.SIZE] = bytes((Code.ACCESS_ACCEPT,)) * count
        inbox.answer(sock.fileno(), count, 20)
