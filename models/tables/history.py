"""What keeps history safe from a wrong clock: when it was last right, and the months that wait to be dropped.

Neither table is a tenant's (docs/decisions/0080-history-and-wrong-clocks.md).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created


class HistoryClock(Base):
    """One row. Times here are compared with the clock before anything is removed for good."""

    __tablename__ = "history_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, server_default=text("1"))
    #: The latest time that was judged to be right.
    verified_at: Mapped[datetime | None]
    #: When an operator last said that the clock is right.
    confirmed_at: Mapped[datetime | None]
    #: How long the writer has run with a right clock, all its lives together, by a clock that never leaps.
    running_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    #: The month (UTC) that the clock names, since which of the running seconds, and the one it named for long enough.
    month: Mapped[date | None] = mapped_column(Date)
    month_since: Mapped[int] = mapped_column(server_default=text("0"))
    settled_month: Mapped[date | None] = mapped_column(Date)
    #: Why nothing is removed at the moment.
    alarm: Mapped[str | None]


class DetachedPartition(Base):
    """A month that no tenant keeps any longer: out of the books, and on the disk for a week of running time."""

    __tablename__ = "detached_partitions"

    #: The partition's table.
    name: Mapped[str] = mapped_column(primary_key=True)
    parent: Mapped[str]
    month: Mapped[date] = mapped_column(Date)
    detached_at: Mapped[Created]
    #: `HistoryClock.running_seconds` at that time.
    running_seconds: Mapped[int]
