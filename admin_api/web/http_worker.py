"""gunicorn's worker that waits for nobody: waitress reads whole requests and sends whole answers in one loop.

A thread works on a request only when its body is here, and is free again when its answer is made: what a slow peer has
not read yet waits in a file (docs/decisions/0083-slow-peers.md). gunicorn keeps the processes.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import secrets
import time
from typing import Any, NamedTuple

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from admin_api.web.errors import CODES, MESSAGES

#: The path that is answered whatever the other threads wait for.
ALIVE = "/healthz"
#: Seconds: for a request's head and for its body, from its first octet; for a peer that neither sends nor reads.
_HEAD_WITHIN, _BODY_WITHIN, _SILENT_FOR = 20.0, 300.0, 60
#: The largest file of an import, and its form around it.
_LARGEST_BODY = 65_000_000
_IN_MEMORY = 1 << 20
_LONGEST_LINE, _MOST_FIELDS = 8190, 100
_NO_LIMIT = 1 << 50
_GRACE = 5
_CONNECTIONS = 4000


class _Broken(NamedTuple):
    """Why a request does not reach the application."""

    code: int
    reason: str


class _Request(HTTPRequestParser):  # type: ignore[misc]  # untyped library
    """A request as it comes; its head is measured as soon as it is whole."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        first, *fields = header_plus.split(b"\r\n")
        if self.version not in ("1.0", "1.1"):
            self.error = _Broken(400, "Bad Request")
        elif len(first) > _LONGEST_LINE:
            self.error = _Broken(414, "URI Too Long")
        elif len(fields) > _MOST_FIELDS or any(len(field) > _LONGEST_LINE for field in fields):
            self.error = _Broken(431, "Request Header Fields Too Large")

    def received(self, data: bytes) -> int:
        taken = super().received(data)
        if self.error is not None:
            self.completed = True
        return int(taken)


class _Refusal(ErrorTask):  # type: ignore[misc]  # untyped library
    """What never reaches the application (a broken header, one too long) is refused in the shape of all answers."""

    def execute(self) -> None:
        error = self.request.error
        message = MESSAGES.get(error.code, f"{error.reason}.")
        body = json.dumps({"ok": False, "message": message, "data": {"code": CODES.get(error.code, "error")}}).encode()
        self.status = f"{error.code} {error.reason}"
        self.content_length = len(body)
        self.response_headers += [
            ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"), ("X-Request-ID", secrets.token_hex(8)),
        ]  # fmt: skip
        self.set_close_on_finish()
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]  # untyped library
    """A connection, and since when its unfinished request comes."""

    error_task_class = _Refusal
    parser_class = _Request
    reading_since: float | None = None

    def received(self, data: bytes) -> Any:  # noqa: ANN401  # waitress' own
        answer = super().received(data)
        self.reading_since = None if self.request is None else self.reading_since or time.monotonic()
        return answer

    def is_late(self) -> bool:
        """Has the peer taken too long for what it began to send?"""
        request, since = self.request, self.reading_since
        if request is None or since is None:
            return False
        return time.monotonic() - since > (_BODY_WITHIN if request.headers_finished else _HEAD_WITHIN)


class _Server(TcpWSGIServer):  # type: ignore[misc]  # untyped library
    channel_class = _Channel

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        for channel in self.active_channels.values():
            if channel.is_late():
                channel.will_close = True


class _Threads(ThreadedTaskDispatcher):  # type: ignore[misc]  # untyped library
    """Threads for requests, and one of its own for the question whether the process lives."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._alive = ThreadedTaskDispatcher()
        self.set_thread_count(count)
        self._alive.set_thread_count(1)

    def add_task(self, task: _Channel) -> None:
        if task.requests and getattr(task.requests[0], "path", "") == ALIVE:
            self._alive.add_task(task)
        else:
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = _GRACE) -> bool:
        self._alive.shutdown(cancel_pending, 1)
        return bool(super().shutdown(cancel_pending, timeout))


class BufferingWorker(Worker):  # type: ignore[misc]  # untyped library
    """One process: a loop for all connections, `threads` for the requests that are complete."""

    def run(self) -> None:
        """Until gunicorn says otherwise."""
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        connections: dict[int, Any] = {}
        threads = _Threads(self.cfg.threads)
        adjustments = _adjustments(_most_connections())
        for listener in self.sockets:
            sock = listener.sock
            sock.setblocking(False)
            address = (sock.family, sock.type, sock.proto, sock.getsockname())
            _Server(self.wsgi, connections, True, sock, threads, adjustments, address, bind_socket=False)
        while self.alive and self.ppid == os.getppid():
            self.notify()
            wasyncore.loop(timeout=1, map=connections, use_poll=True, count=1)
        threads.shutdown()
        wasyncore.close_all(connections)


def _most_connections() -> int:
    """As many as wanted, or as this process may have, less what it needs for itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS + 200
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    return min(_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)


def _adjustments(connections: int) -> Any:  # noqa: ANN401  # untyped library
    return Adjustments(
        ident=None,
        connection_limit=connections,
        channel_timeout=_SILENT_FOR,
        cleanup_interval=5,
        max_request_header_size=1 << 16,
        max_request_body_size=_LARGEST_BODY,
        inbuf_overflow=_IN_MEMORY,
        outbuf_overflow=_IN_MEMORY,
        # A thread that makes an answer never waits for its reader.
        outbuf_high_watermark=_NO_LIMIT,
        # The application reads these itself, as far as API_TRUSTED_PROXIES says.
        clear_untrusted_proxy_headers=False,
    )
