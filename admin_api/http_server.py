"""gunicorn's side of the API: its hooks, and its own refusals in the shape that all answers have.

Given to gunicorn as `--config python:admin_api.http_server`. What never reaches the application (a request line that is
too long, a broken header) is answered by gunicorn itself, in HTML unless it is told otherwise.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gunicorn import util

from admin_api.web.errors import CODES, MESSAGES


def on_starting(_server: Any) -> None:  # noqa: ANN401  # gunicorn's arbiter
    """Before the workers: the counts of an earlier run are no part of this one's."""
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not directory:
        return
    Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
    for counts in Path(directory).glob("*.db"):
        counts.unlink()


def write_error(sock: socket.socket, status: int, reason: str, _message: str) -> None:
    """In place of gunicorn's HTML. Its message is left out: it repeats what was sent."""
    message = MESSAGES.get(status, f"{reason}.")
    body = json.dumps({"ok": False, "message": message, "data": {"code": CODES.get(status, "error")}}).encode()
    head = "\r\n".join((
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Connection: close", "Content-Type: application/json",
        f"Content-Length: {len(body)}", "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
        f"X-Request-ID: {secrets.token_hex(8)}", "", "",
    ))  # fmt: skip
    util.write_nonblock(sock, head.encode() + body)


util.write_error = write_error
