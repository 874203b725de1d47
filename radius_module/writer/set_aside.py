"""Records of tenants whose rows somebody holds locked: kept in the database, booked as soon as the lock is gone.

One tenant's lock delays nobody else. The books do not mind the order (docs/decisions/0031-books.md).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection, delete, exc, func, insert, select, text

from models import SetAside
from models.accounting.booking import Booking
from models.accounting.records import Booked
from radius_module.spool import codec
from radius_module.writer.isolation import book_or_quarantine

#: A tenant whose records wait is tried again so often, seconds, and its lock is waited for no longer than this.
_EVERY, _LOCK_PATIENCE = 1.0, "50ms"
#: Rows of `set_aside` booked in one transaction, each of one batch.
_ROWS = 5
_SET_PATIENCE = text("select set_config('lock_timeout', :patience, true)")


class WaitingTenants:
    """Tenants of one node whose records wait."""

    def __init__(self, node: str) -> None:
        self._node = node
        #: Tenant → (waits since, tried last), by the monotonic clock.
        self._since: dict[int, tuple[float, float]] = {}
        self._is_loaded = False

    def __contains__(self, isp_id: int) -> bool:
        return isp_id in self._since

    def longest(self) -> tuple[int, float] | None:
        """(tenant, seconds) of the one that has waited longest."""
        now = time.monotonic()
        waiting = [(isp_id, now - since) for isp_id, (since, _tried) in list(self._since.items())]
        return max(waiting, key=lambda pair: pair[1], default=None)

    def load(self, connection: Connection) -> None:
        """After a start: who waits in the database."""
        if not self._is_loaded:
            rows = connection.scalars(select(SetAside.isp_id).where(SetAside.node == self._node).distinct())
            now = time.monotonic()
            self._since = {isp_id: (now, 0.0) for isp_id in rows}
            self._is_loaded = True

    def put(self, connection: Connection, isp_id: int, records: Sequence[Booked]) -> None:
        """In the batch's transaction."""
        octets = codec.dump([codec.plain(record) for record in records])
        connection.execute(insert(SetAside).values(isp_id=isp_id, node=self._node, records=len(records), octets=octets))
        now = time.monotonic()
        self._since.setdefault(isp_id, (now, now))

    def retry(self, connection: Connection) -> list[Booking]:
        """Book what the tenant that was tried longest ago has waiting, in transactions of its own."""
        due = [(tried, isp_id) for isp_id, (_since, tried) in self._since.items() if time.monotonic() - tried > _EVERY]
        if not due:
            return []
        isp_id = min(due)[1]
        self._since[isp_id] = self._since[isp_id][0], time.monotonic()
        try:
            bookings, is_done = self._book(connection, isp_id)
            connection.commit()
        except exc.OperationalError as error:
            connection.rollback()
            if not is_lock_timeout(error):
                raise
            return []
        if is_done:
            del self._since[isp_id]
        else:
            self._since[isp_id] = self._since[isp_id][0], 0.0
        return bookings

    def _book(self, connection: Connection, isp_id: int) -> tuple[list[Booking], bool]:
        connection.rollback()
        connection.execute(_SET_PATIENCE, {"patience": _LOCK_PATIENCE})
        rows = connection.execute(
            select(SetAside.id, SetAside.octets)
            .where(SetAside.isp_id == isp_id, SetAside.node == self._node)
            .order_by(SetAside.id)
            .limit(_ROWS)
        ).all()
        records = [record for row in rows for values in codec.load(row.octets) if (record := codec.record(values))]
        bookings = book_or_quarantine(connection, self._node, records)
        numbers = [row.id for row in rows]
        connection.execute(delete(SetAside).where(SetAside.isp_id == isp_id, SetAside.id.in_(numbers)))
        return bookings, len(rows) < _ROWS


def records_waiting(connection: Connection, node: str) -> int:
    """How many records of a node are set aside."""
    return int(connection.scalar(select(func.sum(SetAside.records)).where(SetAside.node == node)) or 0)


def is_lock_timeout(error: BaseException) -> bool:
    """Did somebody hold a lock for longer than it was waited for?"""
    return getattr(getattr(error, "orig", None), "pgcode", None) == "55P03"
