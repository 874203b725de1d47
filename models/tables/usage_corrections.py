"""Corrections of usage: what an operator took off a period, or added to it, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from models.tables.base import Base, Created, Id, TenantKey


class UsageCorrection(Base):
    """Octets, signed, of one period."""

    __tablename__ = "usage_corrections"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "customer_id"], ["customers.isp_id", "customers.id"], ondelete="CASCADE"),
        Index("ix_usage_corrections_isp_id_customer_id", "isp_id", "customer_id"),
        CheckConstraint("bytes_in <> 0 or bytes_out <> 0", name="changes_something"),
        CheckConstraint("length(reason) between 1 and 500", name="reason_length"),
    )

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    customer_id: Mapped[int]
    period_start: Mapped[datetime]
    bytes_in: Mapped[int]
    bytes_out: Mapped[int]
    reason: Mapped[str]
    created_at: Mapped[Created]
