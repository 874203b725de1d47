"""Customers, the periods they paid for, and the data they bought on top."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, Id, Money, TenantKey, Updated


class Customer(Base):
    """A customer of one ISP. His password lives in `radcheck`, written by models.radius.provisioning alone."""

    __tablename__ = "customers"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "service_plan_id"], ["service_plans.isp_id", "service_plans.id"]),
        UniqueConstraint("isp_id", "static_ip"),
        Index("uq_customers_isp_id_username", "isp_id", func.infora_login_name(text("username")), unique=True),
        Index("ix_customers_isp_id_service_plan_id", "isp_id", "service_plan_id"),
        CheckConstraint("status in ('active', 'suspended', 'expired')", name="status_known"),
        CheckConstraint("octet_length(username) between 1 and 253", name="username_length"),
        CheckConstraint(
            "credential_storage in ('encrypted', 'nt_password', 'ssha512')", name="credential_storage_known"
        ),
    )

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    #: Unique in the tenant without regard to case or a MAC address's notation (models.names); kept as typed.
    username: Mapped[str]
    full_name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    address: Mapped[str | None]
    service_plan_id: Mapped[int | None]
    #: `expired` is also shown, whatever stands here, once expires_at has passed (CONTRACT "Periods").
    status: Mapped[str] = mapped_column(server_default="active")
    #: End of the last paid period.
    expires_at: Mapped[datetime]
    static_ip: Mapped[str | None] = mapped_column(INET)
    #: `AA:BB:CC:DD:EE:FF`; the only device that may log in.
    mac_address: Mapped[str | None]
    #: Null: as the ISP's.
    credential_storage: Mapped[str | None]
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]


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
