"""Customers, acts that are done to many of them, and those who asked to be forgotten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, HistoryTenantKey, Id, No, TenantKey, Updated


class Customer(Base):
    """A customer of one ISP. The password lives in `radcheck`, written by models.radius.provisioning alone."""

    __tablename__ = "customers"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "service_plan_id"], ["service_plans.isp_id", "service_plans.id"]),
        UniqueConstraint("isp_id", "static_ip"),
        Index("uq_customers_isp_id_username", "isp_id", "login_name", "name_twin", unique=True),
        Index("ix_customers_isp_id_service_plan_id", "isp_id", "service_plan_id"),
        # Whose period ends next, for the worker that ends their sessions then.
        Index("ix_customers_expires_at", "expires_at"),
        Index("ix_customers_renewal_due", "expires_at", postgresql_where=text("auto_renew")),
        # Asked for with each batch of logins: empty where no plan's clock begins with the first.
        Index("ix_customers_not_started", "isp_id", "id", postgresql_where=text("not_started")),
        CheckConstraint("status in ('active', 'suspended', 'expired')", name="status_known"),
        CheckConstraint("octet_length(username) between 1 and 253", name="username_length"),
        CheckConstraint(
            "credential_storage in ('encrypted', 'nt_password', 'ssha512')", name="credential_storage_known"
        ),
        ForeignKeyConstraint(["isp_id", "next_service_plan_id"], ["service_plans.isp_id", "service_plans.id"]),
        CheckConstraint("billing in ('prepaid', 'postpaid')", name="billing_known"),
        CheckConstraint("credit_limit_minor >= 0", name="credit_limit_not_negative"),
    )

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    #: Unique in the tenant without regard to case or a MAC address's notation (models.names); kept as typed.
    username: Mapped[str]
    #: The key of the name, written by the database alone (migration 0013).
    login_name: Mapped[str] = mapped_column(server_default=text("''"))
    #: 0, but for names that were told apart before they had one key: their id.
    name_twin: Mapped[int] = mapped_column(server_default=text("0"))
    full_name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    address: Mapped[str | None]
    service_plan_id: Mapped[int | None]
    #: `expired` is also shown, whatever stands here, once expires_at has passed.
    status: Mapped[str] = mapped_column(server_default="active")
    #: End of the last paid period; beyond all periods (models.subscriptions.calendar) while none has begun.
    expires_at: Mapped[datetime]
    #: The first period begins with the first login. The database ends this when expires_at is set (migration 0028).
    not_started: Mapped[No]
    static_ip: Mapped[str | None] = mapped_column(INET)
    #: `AA:BB:CC:DD:EE:FF`; the only device that may log in.
    mac_address: Mapped[str | None]
    #: Null: as the ISP's.
    credential_storage: Mapped[str | None]
    #: Prepaid: renewed while there is credit for it. Postpaid: renewed on account.
    billing: Mapped[str] = mapped_column(server_default="prepaid")
    #: At the end of a period the next one begins by itself.
    auto_renew: Mapped[No]
    tax_id: Mapped[str | None]
    #: BCP 47, of documents.
    language: Mapped[str | None]
    #: How much may be owed, in minor units; null: no limit.
    credit_limit_minor: Mapped[int | None]
    #: The plan of the next renewal, where a change waits for the period's end.
    next_service_plan_id: Mapped[int | None]
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]


class BulkRun(Base):
    """A run, kept for a day: a request that is repeated with its Idempotency-Key goes on where the first one ended."""

    __tablename__ = "bulk_runs"
    __table_args__ = (Index("uq_bulk_runs_isp_id_idempotency_key_id", "isp_id", "idempotency_key_id", unique=True),)

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    #: Null where the request carried none.
    idempotency_key_id: Mapped[int | None]
    created_at: Mapped[Created]


class BulkResult(Base):
    """One customer of a run; `code` is null until it is the customer's turn."""

    __tablename__ = "bulk_results"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "run_id"], ["bulk_runs.isp_id", "bulk_runs.id"], ondelete="CASCADE"),
        Index("ix_bulk_results_waiting", "isp_id", "run_id", "customer_id", postgresql_where=text("code is null")),
    )

    isp_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    run_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: `done`, `unchanged`, or why not.
    code: Mapped[str | None]
    message: Mapped[str | None]
    #: Minor units that the customer was charged.
    charged: Mapped[int | None]
    expires_at: Mapped[datetime | None]


class Erasure(Base):
    """One request, carried out by the writer; it outlives the customer and the tenant."""

    __tablename__ = "erasures"
    __table_args__ = (
        UniqueConstraint("isp_id", "customer_id"),
        Index("ix_erasures_waiting", "isp_id", postgresql_where=text("username is not null")),
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[Id]
    customer_id: Mapped[int]
    #: What is looked for where no id leads; gone once nothing more can arrive under the name.
    username: Mapped[str | None]
    requested_by: Mapped[str]
    requested_at: Mapped[Created]
    #: When the history was last gone over, and since when it holds nothing of the person.
    checked_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
