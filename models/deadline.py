"""No wait for PostgreSQL without an end: a peer that is gone, or a server that only hangs, is noticed in time.

The kernel notices a peer that no longer acknowledges (TCP keep-alive and user timeout), and libpq a server that does
not let anybody in. A server that acknowledges and says nothing is noticed here: a call that has waited for longer than
its connection may ends like one whose server has died (docs/decisions/0081-deadlines.md).
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from psycopg2 import InterfaceError
from psycopg2.extensions import connection as RawConnection
from psycopg2.extensions import cursor as RawCursor
from sqlalchemy import Connection

log = logging.getLogger(__name__)


def scaled(seconds: float) -> float:
    """A deadline; a fraction of it in an installation of tests, which cannot wait as long (DEADLINE_SCALE)."""
    return seconds * float(os.environ.get("DEADLINE_SCALE") or 1)


def _whole(seconds: float, least: int = 1) -> int:
    return max(least, round(scaled(seconds)))


#: Seconds that a call may wait where nothing else is said.
ANSWERS_WITHIN = scaled(12.0)
#: And for a sign of life, which costs a database that works nothing.
LIVES_WITHIN = scaled(4.0)
#: For libpq: connecting (also what a server that hangs is waited for), and peers that are gone.
CONNECTING = {
    "connect_timeout": _whole(5, least=2),  # libpq takes 1 for 2
    "keepalives": 1,
    "keepalives_idle": _whole(5),
    "keepalives_interval": _whole(2),
    "keepalives_count": 3,
    "tcp_user_timeout": int(scaled(10.0) * 1000),
}
#: For the server's end: locks of a client that is gone are let go.
SERVER_OPTIONS = (
    "-c client_connection_check_interval=5s -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5"
    " -c tcp_keepalives_count=3 -c tcp_user_timeout=20000"
)
_LOOK_EVERY = scaled(0.5)


class DeadlineConnection(RawConnection):
    """A connection whose calls end. `answers_within`: seconds; None: it waits for ever."""

    answers_within: float | None = ANSWERS_WITHIN
    #: When the call that waits now began, by the monotonic clock.
    busy_since: float | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # psycopg2's own
        super().__init__(*args, **kwargs)
        _watch.add(self)

    def cursor(self, name: str | None = None, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
        kwargs.setdefault("cursor_factory", _Cursor if name is None else _ServerCursor)
        return super().cursor(name, *args, **kwargs)

    def commit(self) -> None:
        self.busy_since = time.monotonic()
        try:
            super().commit()
        finally:
            self.busy_since = None

    def rollback(self) -> None:
        self.busy_since = time.monotonic()
        try:
            super().rollback()
        finally:
            self.busy_since = None


class _Cursor(RawCursor):
    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: ANN401  # psycopg2's own
        connection: Any = self.connection
        connection.busy_since = time.monotonic()
        try:
            super().execute(query, vars)
        finally:
            connection.busy_since = None


class _ServerCursor(_Cursor):
    """Rows are asked for as they are fetched."""

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        connection: Any = self.connection
        connection.busy_since = time.monotonic()
        try:
            return super().fetchmany(size)
        finally:
            connection.busy_since = None

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(iter(self.fetchmany(1)), None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        while some := self.fetchmany(10_000):
            rows += some
        return rows


class _Watch:
    """One thread of the process looks at all of its connections."""

    def __init__(self) -> None:
        self._connections: dict[int, weakref.ref[DeadlineConnection]] = {}
        self._lock = threading.Lock()
        self._pid: int | None = None

    def add(self, connection: DeadlineConnection) -> None:
        with self._lock:
            self._connections[id(connection)] = weakref.ref(connection)
            if self._pid != os.getpid():  # threads do not outlive a fork
                self._pid = os.getpid()
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(_LOOK_EVERY)
            with self._lock:
                pairs = [(key, reference()) for key, reference in self._connections.items()]
                for key, connection in pairs:
                    if connection is None or connection.closed:
                        del self._connections[key]
            for _key, connection in pairs:
                if connection is not None:
                    _end_if_late(connection)
            pairs.clear()


def _end_if_late(connection: DeadlineConnection) -> None:
    since, limit = connection.busy_since, connection.answers_within
    if since is None or limit is None or time.monotonic() - since < limit:
        return
    with suppress(OSError, InterfaceError):
        handle = os.dup(connection.fileno())
        with socket.socket(fileno=handle) as peer:
            if connection.busy_since == since:
                log.warning("the database has not answered for %.0f s: this connection is given up", limit)
                peer.shutdown(socket.SHUT_RDWR)


_watch = _Watch()


def ask_for_life(connection: DeadlineConnection) -> None:
    """A word with the server, in no transaction. Raises psycopg2's errors, soon."""
    usual = connection.answers_within
    connection.answers_within = LIVES_WITHIN if usual is None else min(usual, LIVES_WITHIN)
    was_autocommit = connection.autocommit
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        connection.autocommit = was_autocommit
    finally:
        connection.answers_within = usual


def connection_class(answers_within: float | None) -> type[DeadlineConnection]:
    """The `connection_factory` of connections whose calls wait no longer than this."""
    return type("AnsweringConnection", (DeadlineConnection,), {"answers_within": answers_within})


@contextmanager
def patience(connection: Connection, seconds: float) -> Iterator[None]:
    """Within this block a call may wait for so long: for the one statement that takes its time."""
    raw: Any = connection.connection.dbapi_connection
    usual, raw.answers_within = raw.answers_within, seconds
    try:
        yield
    finally:
        raw.answers_within = usual
