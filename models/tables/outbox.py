"""Requests to the network, written in the transaction of the change that caused them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, Id, TenantKey


class Outbox(Base):
    """One request about one customer: `reason` is what happened, `kind` what the router is to do."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("kind in ('coa', 'disconnect')", name="kind_known"),
        CheckConstraint("status in ('pending', 'sent', 'done', 'failed')", name="status_known"),
        Index("ix_outbox_due", "next_attempt_at", postgresql_where=text("status in ('pending', 'sent')")),
        Index("ix_outbox_isp_id_customer_id", "isp_id", "customer_id"),
    )

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    #: Null: every session of the tenant.
    customer_id: Mapped[int | None]
    kind: Mapped[str]
    #: `suspended`, `quota_exceeded`, `plan_changed`, `topup`, `renewed`, `expired`, `isp_suspended`,
    #: `too_many_sessions`, `deleted`.
    reason: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    status: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[Created]
    created_at: Mapped[Created]
    done_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
