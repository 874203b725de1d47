"""What the writer keeps in the database: how far each spool is booked, and reports that could not be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, HistoryTenantKey


class SpoolProgress(Base):
    """How much of a node's segment is booked; changes in the transaction of the batch, so that nothing is booked twice.

    A node is no tenant's, so the key carries no `isp_id` (docs/decisions).
    """

    __tablename__ = "spool_progress"

    node: Mapped[str] = mapped_column(primary_key=True)
    #: File name of the segment.
    segment: Mapped[str] = mapped_column(primary_key=True)
    #: Octets of it that are booked.
    position: Mapped[int]


class SetAside(Base):
    """Records of a tenant whose rows somebody else holds locked: booked as soon as the lock is gone, in any order."""

    __tablename__ = "set_aside"

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    node: Mapped[str]
    created_at: Mapped[Created]
    #: How many records these are, and the records as they were in the spool.
    records: Mapped[int]
    octets: Mapped[bytes] = mapped_column(LargeBinary)


class Quarantined(Base):
    """A record that the database refused, whole, for operators to look at and to submit again."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("ix_quarantine_isp_id_created_at", "isp_id", "created_at"),)

    #: 0 where the record does not even say whose it is.
    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    created_at: Mapped[Created]
    #: When the server received the packet.
    received_at: Mapped[datetime | None]
    node: Mapped[str]
    #: What the database said, one line, no data of others.
    reason: Mapped[str]
    #: The record in words, for people.
    record: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: The record as it was in the spool, for submitting it again.
    octets: Mapped[bytes] = mapped_column(LargeBinary)
