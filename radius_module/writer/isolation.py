"""Records that cannot be booked, found among the others and quarantined: each is tried a few times, and never again."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import Connection, exc

from models.accounting import booking
from models.accounting.booking import Booking
from models.accounting.records import Booked
from models.customers.first_login import begin_first_periods
from models.db import first_line
from radius_module.writer import quarantine

log = logging.getLogger("radius_module.writer")

#: What is wrong with a record, not with the database or the network.
POISON = (exc.DataError, exc.IntegrityError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
#: Attempts spent on finding the records of a batch that cannot be booked. What is left then is quarantined unseen:
#: a flood of them must not hold everybody else's booking up.
_ATTEMPTS = 64


def book(connection: Connection, records: Sequence[Booked]) -> Booking:
    """Periods that logins begin before what was used of them; then everything else."""
    begin_first_periods(connection, records)
    return booking.book(connection, records)


def book_or_quarantine(connection: Connection, node: str, records: Sequence[Booked]) -> list[Booking]:
    """Book them together; where that fails, halve until the poison stands alone, for so many attempts."""
    bookings: list[Booking] = []
    waiting, attempts = [list(records)], 0
    while waiting:
        some = waiting.pop()
        if not some:
            continue
        attempts += 1
        try:
            with connection.begin_nested():
                bookings.append(book(connection, some))
        except POISON as error:
            if len(some) == 1 or attempts > _ATTEMPTS:
                _quarantine(connection, node, some, first_line(error))
            else:
                half = len(some) // 2
                waiting += [some[half:], some[:half]]
    return bookings


def _quarantine(connection: Connection, node: str, records: Sequence[Booked], reason: str) -> None:
    log.error("writer: %d record(s) of tenant %d go to the quarantine: %s", len(records), records[0].isp_id, reason)
    for record in records:
        quarantine.hold(connection, node, record, reason)
