"""Periods that customers paid for, and data bought on top."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, Id, Money, TenantKey


class Subscription(Base):
    """One paid period. The current one is the newest that has begun; it ends where the next starts, or at expiry."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "customer_id"], ["customers.isp_id", "customers.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["isp_id", "service_plan_id"], ["service_plans.isp_id", "service_plans.id"]),
        UniqueConstraint("isp_id", "customer_id", "period_start"),
        Index("ix_subscriptions_isp_id_service_plan_id", "isp_id", "service_plan_id"),
        CheckConstraint("period_start < period_end", name="period_not_empty"),
    )

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    customer_id: Mapped[int]
    #: The plan when the period was sold; what applies is the customer's plan of today.
    service_plan_id: Mapped[int | None]
    price: Mapped[Money] = mapped_column(server_default=text("0"))
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    created_at: Mapped[Created]


class Topup(Base):
    """Data bought on top of the plan's allowance; it ends with its period."""

    __tablename__ = "topups"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "customer_id"], ["customers.isp_id", "customers.id"], ondelete="CASCADE"),
        Index("ix_topups_isp_id_customer_id_period_start", "isp_id", "customer_id", "period_start"),
        CheckConstraint("data_bytes > 0", name="data_positive"),
    )

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    customer_id: Mapped[int]
    period_start: Mapped[datetime]
    data_bytes: Mapped[int]
    created_at: Mapped[Created]
