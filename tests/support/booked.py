"""What tests of the books do and look at: book records, read the rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Engine, text

from models.accounting import booking
from models.accounting.records import STALE, Booked, InferredStop
from models.accounting.session_id import unique_id

GIGA = 1 << 32


def book(engine: Engine, *records: Booked) -> booking.Booking:
    with engine.begin() as connection:
        return booking.book(connection, records)


def rows(engine: Engine, statement: str) -> Sequence[Any]:
    with engine.connect() as connection:
        return connection.execute(text(statement)).all()


def session(engine: Engine) -> Any:
    """The only session."""
    (row,) = rows(engine, "select * from radacct")
    return row


def used(engine: Engine) -> list[tuple[int, int]]:
    return [tuple(row) for row in rows(engine, "select bytes_in, bytes_out from usage order by period_start")]


def days(engine: Engine) -> dict[date, tuple[int, int]]:
    return {row[0]: (row[1], row[2]) for row in rows(engine, "select day, bytes_in, bytes_out from usage_daily")}


def stale(at: float, of: dict[str, Any]) -> InferredStop:
    """The end of the session that `report` makes."""
    return InferredStop(of["isp_id"], unique_id(of["isp_id"], of["device_id"], b"80f00001", name=b"john"), at, STALE)
