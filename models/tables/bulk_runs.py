"""One act done to many customers: which of them it is for, and what became of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, Id, TenantKey


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
