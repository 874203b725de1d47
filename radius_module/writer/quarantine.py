"""Records that cannot be booked: kept whole, shown in words, submitted again when the reason is gone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from models import Quarantined
from models.accounting import booking
from models.accounting.records import Booked, readable
from radius_module.spool import codec

log = logging.getLogger(__name__)

#: Records of one tenant that are kept; nobody looks through more, and a device could fill the disk with them.
MOST = 10_000


def hold(connection: Connection, node: str, record: Booked, reason: str) -> None:
    """Put a record aside, in the caller's transaction."""
    words, octets = in_words(record), codec.dump([codec.plain(record)])
    _insert(connection, record.isp_id, node, reason, words, octets, codec.moment_of(record))


def hold_octets(connection: Connection, node: str, octets: bytes, reason: str) -> None:
    """Put something aside that cannot even be read as a record."""
    _insert(connection, 0, node, reason, {}, octets, None)


def in_words(record: Booked) -> dict[str, Any]:
    """The record for people: octets as text, what is empty left out."""
    return {
        name: readable(value.encode() if isinstance(value, str) else value) if isinstance(value, str | bytes) else value
        for name, value in record._asdict().items()
        if value not in (None, "", b"")
    }


def quarantined(connection: Connection, isp_id: int | None = None) -> Sequence[Any]:
    """(isp_id, id, created_at, received_at, node, reason, record), the oldest first."""
    wanted = select(
        Quarantined.isp_id, Quarantined.id, Quarantined.created_at, Quarantined.received_at, Quarantined.node,
        Quarantined.reason, Quarantined.record,
    ).order_by(Quarantined.id)  # fmt: skip
    return connection.execute(wanted if isp_id is None else wanted.where(Quarantined.isp_id == isp_id)).all()


def submit(connection: Connection, number: int) -> None:
    """Book a quarantined record after all, in the caller's transaction.

    Raises LookupError where there is none of that number, and whatever still prevents its booking.
    """
    octets = connection.scalar(select(Quarantined.octets).where(Quarantined.id == number).with_for_update())
    if octets is None:
        raise LookupError(f"there is no record {number} in the quarantine")
    records = [codec.record(values) for values in codec.load(octets)]
    booking.book(connection, [record for record in records if record is not None])
    drop(connection, number)


def drop(connection: Connection, number: int) -> None:
    """Forget a quarantined record for good."""
    connection.execute(delete(Quarantined).where(Quarantined.id == number))


def _insert(
    connection: Connection, isp_id: int, node: str, reason: str, words: dict[str, Any], octets: bytes,
    moment: float | None,
) -> None:  # fmt: skip
    try:
        received = None if moment is None else datetime.fromtimestamp(moment, UTC)
    except (ValueError, OverflowError, OSError):
        received = None
    of_tenant = select(Quarantined.id).where(Quarantined.isp_id == isp_id).limit(MOST).subquery()
    if connection.scalar(select(func.count()).select_from(of_tenant)) == MOST:
        log.error("quarantine: tenant %d has %d records in it, one more is dropped: %s", isp_id, MOST, reason)
        return
    connection.execute(insert(Quarantined).values(
        isp_id=isp_id, node=node, reason=reason[:500], record=words, octets=octets, received_at=received))  # fmt: skip
