"""From the spools into PostgreSQL: batches, one transaction each, for ever (`python -m radius_module.writer`).

A process of its own, so that logins and accounting never wait for its arithmetic. What goes wrong with the database
is tried again until it works; what goes wrong with a record puts that record aside (quarantine) and no other.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, exc, text

from models.accounting.booking import Booking, BookingConflict
from models.accounting.records import Booked
from models.db import first_line
from models.deadline import ANSWERS_WITHIN, patience, scaled
from radius_module.ipc.feed import WriterFeed
from radius_module.writer import quarantine
from radius_module.writer.isolation import POISON, book, book_or_quarantine
from radius_module.writer.report import Progress
from radius_module.writer.set_aside import WaitingTenants, is_lock_timeout
from radius_module.writer.spool_reader import Batch, SpoolReader

log = logging.getLogger("radius_module.writer")

#: Records of one transaction. Large batches let many reports of one session become one update.
BATCH = 20_000
#: A batch smaller than this means that there is no backlog: wait for more, seconds.
SMALL, PAUSE = 1000, 0.1
#: In a storm without backlog the wait is longer: a second's reports of one session become one update.
GATHERING = 1.0
#: Waits between attempts while the database is away, seconds.
_RETRY = (0.2, 0.5, 1.0, 2.0)
#: A writer that has nothing to book asks the database for a sign of life every few seconds, and waits for it as long.
_HEARTBEAT = scaled(5.0)
#: A database that is only slow gets more time with each failure, so that a large batch is booked in the end.
_MOST_PATIENCE = 600.0
#: The writer and its share of PostgreSQL give way to those whom somebody waits for.
NICE = 10
#: The lock file of the one that drains this node's spools.
LOCK = "writer.lock"

#: How long a batch waits for a lock; then each tenant by itself, the shorter the more of them were locked.
_BATCH_LOCK_PATIENCE, _LOCK_PATIENCES = "700ms", ("100ms", "100ms", "50ms", "20ms")
_SET_PATIENCE = text("select set_config('lock_timeout', :patience, true)")


class Writer:
    """Drains the spools of one node."""

    def __init__(self, engine: Engine, drains: Sequence[SpoolReader], feed: WriterFeed, node: str) -> None:
        self._engine, self._drains, self._feed, self._node = engine, drains, feed, node
        self._connection: Connection | None = None
        self.stopping = threading.Event()
        self.progress = Progress()
        self.waiting = WaitingTenants(node)
        self._patience = ANSWERS_WITHIN

    def run(self) -> None:
        """Until told to stop. Never raises."""
        failures = 0
        while not self.stopping.is_set():
            try:
                self._feed.keep()
                done = sum(self.step(drain) for drain in self._drains)
                self.retry_waiting()
                failures, self._patience = 0, ANSWERS_WITHIN
            except Exception as error:
                self._lost()
                level = logging.WARNING if failures == 0 else logging.DEBUG
                log.log(level, "writer: trying again: %s", first_line(error))
                self.stopping.wait(_RETRY[min(failures, len(_RETRY) - 1)])
                failures += 1
                continue
            if done < BATCH:
                self.stopping.wait(PAUSE if done < SMALL else GATHERING)
        self._lost()

    def step(self, drain: SpoolReader) -> int:
        """Book one batch of one spool; how many records it had. Raises the database's errors."""
        connection = self._connected()
        batch = drain.next(connection, BATCH)
        if batch.is_empty:
            self._listen_for_life(connection)
            return 0
        try:
            with patience(connection, self._patience):
                bookings = self._book(connection, drain, batch)
        except exc.DBAPIError as wrong:
            if wrong.connection_invalidated:
                self._patience = min(2 * self._patience, _MOST_PATIENCE)
            raise
        drain.tidy(batch)
        for result in bookings:
            self._feed.publish(result)
        self.progress.booked(len(batch.records))
        return len(batch.records)

    def _book(self, connection: Connection, drain: SpoolReader, batch: Batch) -> list[Booking]:
        """One transaction: the records, those that could not be, and how far we are. Conflicts are tried again."""
        for attempt in range(10):
            try:
                connection.rollback()
                connection.execute(text("select set_config('infora.origin', :node, true)"), {"node": self._node})
                connection.execute(_SET_PATIENCE, {"patience": _BATCH_LOCK_PATIENCE})
                bookings = _book_tenants(connection, self._node, batch.records, self.waiting)
                for unreadable in batch.unreadable:
                    quarantine.hold_octets(connection, self._node, unreadable.octets, unreadable.reason)
                drain.advance(connection, batch)
                connection.commit()
                return bookings
            except (BookingConflict, exc.OperationalError) as error:
                connection.rollback()
                if attempt == 9 or not _is_conflict(error):
                    raise
                time.sleep(0.01 * attempt)
        raise AssertionError("the loop ends by return or raise")

    def retry_waiting(self) -> None:
        """What was set aside, if its lock is gone."""
        connection = self._connected()
        with patience(connection, self._patience):
            for result in self.waiting.retry(connection):
                self._feed.publish(result)

    def _listen_for_life(self, connection: Connection) -> None:
        if self.progress.silence > _HEARTBEAT:
            with patience(connection, _HEARTBEAT):
                connection.execute(text("select 1"))
            self.progress.answered()
        connection.rollback()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            _give_way(self._connection)
            self.waiting.load(self._connection)
        return self._connection

    def _lost(self) -> None:
        """Begin anew: what the database holds is asked of it, not remembered."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
        for drain in self._drains:
            drain.forget()


def _book_tenants(
    connection: Connection, node: str, records: Sequence[Booked], waiting: WaitingTenants
) -> list[Booking]:
    """Book all together; where that fails, each tenant by itself, and set aside those whose rows are locked."""
    by_tenant: dict[int, list[Booked]] = defaultdict(list)
    for record in records:
        by_tenant[record.isp_id].append(record)
    for isp_id in [isp_id for isp_id in by_tenant if isp_id in waiting]:
        waiting.put(connection, isp_id, by_tenant.pop(isp_id))
    if not by_tenant:
        return []
    try:
        with connection.begin_nested():
            return [book(connection, [record for own in by_tenant.values() for record in own])]
    except POISON:
        pass
    except exc.OperationalError as error:
        if not is_lock_timeout(error):
            raise
    bookings, locked = [], 0
    for isp_id, own in by_tenant.items():
        patience_left = _LOCK_PATIENCES[min(locked, len(_LOCK_PATIENCES) - 1)]
        connection.execute(_SET_PATIENCE, {"patience": patience_left})
        try:
            with connection.begin_nested():
                bookings += book_or_quarantine(connection, node, own)
        except exc.OperationalError as error:
            if not is_lock_timeout(error):
                raise
            locked += 1
            log.warning("writer: %d records of tenant %d wait for a lock that somebody holds", len(own), isp_id)
            waiting.put(connection, isp_id, own)
    return bookings


def _give_way(connection: Connection) -> None:
    """Lower the priority of the process that PostgreSQL has for us, where it is on this machine and belongs to us."""
    info = getattr(connection.connection.dbapi_connection, "info", None)
    if info is None or not str(info.host).startswith("/"):
        return
    with suppress(OSError):
        if Path(f"/proc/{info.backend_pid}/comm").read_text() == "postgres\n":
            os.setpriority(os.PRIO_PROCESS, info.backend_pid, NICE)


def _is_conflict(error: Exception) -> bool:
    """Serialisation failure or deadlock: the same again will do."""
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    return isinstance(error, BookingConflict) or code in ("40001", "40P01")
