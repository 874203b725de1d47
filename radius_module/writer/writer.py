"""From the spools into PostgreSQL: batches, one transaction each, for ever (`python -m radius_module.writer.writer`).

A process of its own, so that logins and accounting never wait for its arithmetic. What goes wrong with the database
is tried again until it works; what goes wrong with a record puts that record aside (quarantine) and no other.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, exc, text

from models.accounting import booking as ledger
from models.accounting.booking import Booking, BookingConflict
from models.accounting.records import Booked
from models.db import make_engine
from radius_module import settings
from radius_module.ipc.feed import WriterFeed
from radius_module.spool import files
from radius_module.writer import quarantine, retention
from radius_module.writer.spool_reader import Batch, Drain

log = logging.getLogger("radius_module.writer.writer")

#: Records of one transaction. Large batches let many reports of one session become one update.
BATCH = 20_000
#: A batch smaller than this means that there is no backlog: wait for more, seconds.
SMALL, PAUSE = 1000, 0.1
#: In a storm without backlog the wait is longer: a second's reports of one session become one update.
GATHERING = 1.0
#: Waits between attempts while the database is away, seconds.
_RETRY = (0.2, 0.5, 1.0, 2.0)
#: The writer and its share of PostgreSQL give way to those whom somebody waits for.
NICE = 10
_HOUR = 3600.0
#: The lock file of the one that drains this node's spools.
LOCK = "writer.lock"

#: What is wrong with a record, not with the database or the network.
POISON = (exc.DataError, exc.IntegrityError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError)


class Writer:
    """Drains the spools of one node."""

    def __init__(self, engine: Engine, drains: Sequence[Drain], feed: WriterFeed, node: str) -> None:
        self._engine, self._drains, self._feed, self._node = engine, drains, feed, node
        self._connection: Connection | None = None
        self.stopping = threading.Event()
        self.booked = 0

    def run(self) -> None:
        """Until told to stop. Never raises."""
        failures = 0
        while not self.stopping.is_set():
            try:
                self._feed.keep()
                done = sum(self.step(drain) for drain in self._drains)
                failures = 0
            except Exception as wrong:
                self._lost()
                level = logging.WARNING if failures == 0 else logging.DEBUG
                log.log(level, "writer: trying again: %s", first_line(wrong))
                self.stopping.wait(_RETRY[min(failures, len(_RETRY) - 1)])
                failures += 1
                continue
            if done < BATCH:
                self.stopping.wait(PAUSE if done < SMALL else GATHERING)
        self._lost()

    def step(self, drain: Drain) -> int:
        """Book one batch of one spool; how many records it had. Raises the database's errors."""
        connection = self._connected()
        batch = drain.next(connection, BATCH)
        if batch.is_empty:
            connection.rollback()
            return 0
        bookings = self._book(connection, drain, batch)
        drain.tidy(batch)
        for booking in bookings:
            self._feed.tell(booking)
        self.booked += len(batch.records)
        return len(batch.records)

    def _book(self, connection: Connection, drain: Drain, batch: Batch) -> list[Booking]:
        """One transaction: the records, those that could not be, and how far we are. Conflicts are tried again."""
        for attempt in range(10):
            try:
                connection.rollback()
                connection.execute(text("select set_config('infora.origin', :node, true)"), {"node": self._node})
                bookings = _book_some(connection, self._node, batch.records)
                for one in batch.unreadable:
                    quarantine.hold_octets(connection, self._node, one.octets, one.reason)
                drain.advance(connection, batch)
                connection.commit()
                return bookings
            except (BookingConflict, exc.OperationalError) as wrong:
                connection.rollback()
                if attempt == 9 or not _is_conflict(wrong):
                    raise
                time.sleep(0.01 * attempt)
        raise AssertionError("the loop ends by return or raise")

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            _give_way(self._connection)
        return self._connection

    def _lost(self) -> None:
        """Begin anew: what the database holds is asked of it, not remembered."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
        for drain in self._drains:
            drain.forget()


def _book_some(connection: Connection, node: str, records: Sequence[Booked]) -> list[Booking]:
    """Book them together; if one of them is poison, halve until it stands alone, and put it aside."""
    if not records:
        return []
    try:
        with connection.begin_nested():
            return [ledger.book(connection, records)]
    except POISON as wrong:
        if len(records) == 1:
            log.error("writer: a record of tenant %d goes to the quarantine: %s", records[0].isp_id, first_line(wrong))
            quarantine.hold(connection, node, records[0], first_line(wrong))
            return []
    half = len(records) // 2
    return _book_some(connection, node, records[:half]) + _book_some(connection, node, records[half:])


def _give_way(connection: Connection) -> None:
    """Lower the priority of the process that PostgreSQL has for us, where it is on this machine and belongs to us."""
    info = getattr(connection.connection.dbapi_connection, "info", None)
    if info is None or not str(info.host).startswith("/"):
        return
    with suppress(OSError):
        if Path(f"/proc/{info.backend_pid}/comm").read_text() == "postgres\n":
            os.setpriority(os.PRIO_PROCESS, info.backend_pid, NICE)


def _is_conflict(wrong: Exception) -> bool:
    """Serialisation failure or deadlock: the same again will do."""
    code = getattr(getattr(wrong, "orig", None), "pgcode", None)
    return isinstance(wrong, BookingConflict) or code in ("40001", "40P01")


def first_line(wrong: Exception) -> str:
    """The error's first line, without statement and values."""
    said = str(getattr(wrong, "orig", None) or wrong)
    return (said.splitlines() or [""])[0] or type(wrong).__name__


def _keep_house(url: str, stopping: threading.Event) -> None:
    """The hourly job, with a connection of its own."""
    engine = make_engine(url, "infora history", pool_size=1, max_overflow=0)
    while not stopping.is_set():
        try:
            retention.keep_house(engine)
            wait = _HOUR
        except Exception as wrong:
            log.warning("history: trying again in a minute: %s", first_line(wrong))
            wait = 60.0
        stopping.wait(wait)


def made(found: settings.Settings) -> Writer:
    """The writer of this installation."""
    root = found.spool("acct").parent
    files.make_ready(root)
    node = files.node_of(root)
    engine = make_engine(found.database_url, "infora writer", pool_size=1, max_overflow=0)
    drains = [Drain(found.spool(process), node) for process in ("acct", "auth")]
    return Writer(engine, drains, WriterFeed(found.feed_socket), node)


def main() -> int:
    """Run until SIGTERM; one writer a node."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(levelname)s %(message)s")
    try:
        found = settings.from_environment()
        writer = made(found)
        lock = _alone(found.spool("acct").parent, writer)
    except (ValueError, OSError) as wrong:
        print(f"writer: {wrong}", file=sys.stderr)  # noqa: T201  # before there is a log
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: writer.stopping.set())
    os.nice(NICE)
    # A batch makes a million objects and hardly a cycle among them: the collector may look at them rarely.
    gc.set_threshold(500_000, 20, 100)
    threading.Thread(target=_keep_house, args=(found.database_url, writer.stopping), daemon=True).start()
    writer.run()
    os.close(lock)
    return 0


def _alone(directory: Path, writer: Writer) -> int:
    """Wait until no other writer has this node's spools."""
    while not writer.stopping.is_set():
        try:
            return files.claim(directory, LOCK)
        except files.SpoolLocked:
            time.sleep(0.2)
    raise OSError("stopped before another writer ended")


if __name__ == "__main__":
    sys.exit(main())
