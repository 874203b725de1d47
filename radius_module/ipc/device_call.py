"""Asking the worker to do something with a router: the form of a call and its answer, and how one is made.

JSON both ways over a Unix stream, one call a connection; the end of what is sent is the end of the stream. The worker
does so few at once that the rest of the API keeps its threads (docs/decisions/0121).
"""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

#: Octets of a call, and of an answer: a list of ten thousand sessions.
LARGEST_CALL, LARGEST_ANSWER = 1 << 16, 1 << 24
#: How long the worker lets a router take for all of a call, and how long the API waits for the worker, seconds.
LIMIT, PATIENCE = 8.0, 9.5
#: So many calls at once, in the whole installation.
SEATS = 2
BUSY = "busy"
_PIECE = 1 << 16

Answer = dict[str, Any]


class WorkerUnavailable(Exception):
    """It does not run, or has not answered in time."""


def socket_path(socket_dir: Path) -> Path:
    """Where the worker is asked."""
    return socket_dir / "worker.sock"


def call(path: Path, kind: str, fields: dict[str, Any]) -> Answer:
    """The worker's answer; what an error of it looks like is for the worker to say. Raises WorkerUnavailable."""
    until = time.monotonic() + PATIENCE
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(1.0)
            link.connect(str(path))
            link.sendall(json.dumps({"kind": kind, **fields}).encode())
            link.shutdown(socket.SHUT_WR)
            answer = json.loads(read_all(link, LARGEST_ANSWER, until))
    except (OSError, ValueError):
        raise WorkerUnavailable from None
    if not isinstance(answer, dict):
        raise WorkerUnavailable
    return answer


def read_all(link: socket.socket, most: int, until: float) -> bytes:
    """Everything up to the end of the stream. Raises TimeoutError, and ValueError for more than that."""
    octets = bytearray()
    while True:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        link.settimeout(left)
        piece = link.recv(_PIECE)
        if not piece:
            return bytes(octets)
        octets += piece
        if len(octets) > most:
            raise ValueError("too long")
