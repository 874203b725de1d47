"""Counters: octets of a customer's periods and days. Sums of differences, written by the booking alone.

No foreign key to customers: usage stays when a customer is deleted.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, HistoryTenantKey, Octets, Updated

#: Counted and not counted make all of it.
_WITHIN = "uncounted_in between 0 and bytes_in and uncounted_out between 0 and bytes_out"


class Usage(Base):
    """Octets of one paid period, known by its start."""

    __tablename__ = "usage"
    __table_args__ = (
        CheckConstraint("bytes_in >= 0 and bytes_out >= 0", name="bytes_not_negative"),
        CheckConstraint(_WITHIN, name="uncounted_within"),
        CheckConstraint("seconds >= 0", name="seconds_not_negative"),
    )

    isp_id: Mapped[HistoryTenantKey]
    customer_id: Mapped[int] = mapped_column(primary_key=True)
    period_start: Mapped[datetime] = mapped_column(primary_key=True)
    #: Upload, octets.
    bytes_in: Mapped[Octets]
    #: Download, octets.
    bytes_out: Mapped[Octets]
    #: What of both came in hours whose traffic does not count.
    uncounted_in: Mapped[Octets]
    uncounted_out: Mapped[Octets]
    #: Time online, of all sessions.
    seconds: Mapped[int] = mapped_column(server_default=text("0"))
    updated_at: Mapped[Updated]


class UsageDaily(Base):
    """Octets of one calendar day in the tenant's time zone."""

    __tablename__ = "usage_daily"
    __table_args__ = (
        CheckConstraint("bytes_in >= 0 and bytes_out >= 0", name="bytes_not_negative"),
        CheckConstraint(_WITHIN, name="uncounted_within"),
        Index("ix_usage_daily_isp_id_day", "isp_id", "day"),
    )

    isp_id: Mapped[HistoryTenantKey]
    customer_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    bytes_in: Mapped[Octets]
    bytes_out: Mapped[Octets]
    uncounted_in: Mapped[Octets]
    uncounted_out: Mapped[Octets]
