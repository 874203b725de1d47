"""Money that came in, money that was given back, and the drawers that hold cash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, HistoryTenantKey, Id

METHODS = ("cash", "bank", "mpesa", "stripe", "agent", "other")
PAYMENT_STATES = ("pending", "unknown", "confirmed", "failed", "reversed")


class Payment(Base):
    """Money that a customer, or nobody known yet, has paid. Its state only moves forward; its amount never changes.

    A reference is one payment for ever. A payment without customer stands in suspense until it is assigned.
    """

    __tablename__ = "payments"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "drawer_id"], ["drawers.isp_id", "drawers.id"]),
        UniqueConstraint("isp_id", "provider", "provider_account", "provider_ref"),
        Index("ix_payments_isp_id_customer_id", "isp_id", "customer_id", "id"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("fee >= 0 and fee <= amount", name="fee_within_amount"),
        CheckConstraint(f"method in {METHODS}", name="method_known"),
        CheckConstraint(f"state in {PAYMENT_STATES}", name="state_known"),
        CheckConstraint("drawer_id is null or method = 'cash'", name="drawer_for_cash"),
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[Id]
    #: `manual`, or a gateway's provider; `provider_account` is then the gateway's account, by hand the method.
    provider: Mapped[str]
    provider_account: Mapped[str]
    #: Null: a payment by hand without one.
    provider_ref: Mapped[str | None]
    amount: Mapped[int]
    fee: Mapped[int] = mapped_column(server_default=text("0"))
    method: Mapped[str]
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="confirmed")
    customer_id: Mapped[int | None]
    #: What the payer wrote where it led to nobody.
    pay_reference: Mapped[str | None]
    note: Mapped[str | None]
    drawer_id: Mapped[int | None]
    actor: Mapped[str]
    created_at: Mapped[Created]


class Refund(Base):
    """Money given back out of a payment; all of them together never exceed it."""

    __tablename__ = "refunds"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "payment_id"], ["payments.isp_id", "payments.id"]),
        Index("ix_refunds_isp_id_payment_id", "isp_id", "payment_id"),
        CheckConstraint("amount > 0", name="amount_positive"),
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[Id]
    payment_id: Mapped[int]
    amount: Mapped[int]
    reason: Mapped[str]
    actor: Mapped[str]
    created_at: Mapped[Created]


class Drawer(Base):
    """The cash that one operator holds, from their first payment until they count it."""

    __tablename__ = "drawers"
    __table_args__ = (
        Index("uq_drawers_open", "isp_id", "operator", unique=True, postgresql_where=text("closed_at is null")),
        CheckConstraint("num_nulls(closed_at, expected, counted) in (0, 3)", name="closed_by_count"),
        CheckConstraint("counted >= 0", name="counted_not_negative"),
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[Id]
    #: User name, or `api-key`.
    operator: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    #: What the books held when it was closed, and what was counted.
    expected: Mapped[int | None]
    counted: Mapped[int | None]
    note: Mapped[str | None]
    created_at: Mapped[Created]
