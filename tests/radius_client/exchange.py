"""One request and its answer over real UDP, as a router would see it."""

import socket
import time

from tests.radius_client.packet import Request

Address = tuple[str, int]


def exchange(
    request: Request, server: Address, *, timeout: float = 2.0, source: Address = ("127.0.0.1", 0), tries: int = 1
) -> bytes | None:
    """The octets of the answer, or None after `tries` sends with `timeout` seconds each.

    Only datagrams from the asked server with the right identifier count; use `reply.verify` on what comes back.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(source)
        sock.connect(server)
        for _ in range(tries):
            sock.send(request.octets)
            answer = _await(sock, request.identifier, time.monotonic() + timeout)
            if answer is not None:
                return answer
    return None


def _await(sock: socket.socket, identifier: int, deadline: float) -> bytes | None:
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            octets = sock.recv(4096)
        except (TimeoutError, ConnectionRefusedError):
            continue
        if len(octets) > 1 and octets[1] == identifier:
            return octets
    return None
