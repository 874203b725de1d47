"""The worker's end of device calls without routers: for tests of the API alone, which has no worker beside it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from radius_module.ipc import device_call, unix_socket

_OUT_OF_REACH = {
    "ok": False, "code": "not_configured", "text": "", "identity": None, "version": None, "board": None,
    "fingerprint": None,
}  # fmt: skip
#: What the worker answers of a device whose own API is not set up.
ANSWERS: dict[str, dict[str, Any]] = {
    "test": {
        "radius": {"last_seen_at": None}, "coa": {"ok": False, "code": "no_answer"}, "api": _OUT_OF_REACH,
        "findings": [],
    },
    "sessions": {"items": [], "only_on_router": 0, "only_in_books": 0},
    "reconcile": {"ended": [], "removed": [], "refused": []},
    "configure": {"changes": [], "applied": False, "notes": []},
    "undo": {"changes": [], "applied": False, "notes": []},
}  # fmt: skip


@contextmanager
def device_worker(socket_dir: Path) -> Iterator[list[dict[str, Any]]]:
    """What it was asked, while it listens."""
    asked: list[dict[str, Any]] = []
    path = device_call.socket_path(socket_dir)
    listener = unix_socket.listening(path, socket.SOCK_STREAM, backlog=8)

    def serve() -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            with link:
                octets = device_call.read_all(link, device_call.LARGEST_CALL, time.monotonic() + 5)
                if not octets:
                    continue
                question = json.loads(octets)
                asked.append(question)
                link.sendall(json.dumps(ANSWERS[question["kind"]]).encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield asked
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)
    path.unlink(missing_ok=True)
