"""Requests to the network, written in the transaction of the change that caused them and carried out by the worker.

A row without a session is an event: something that concerns a customer, a device or a tenant. Of it the worker makes a
row for each session, whose `parent_id` it is; those are what is sent.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, DateTime, Index, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, Id, TenantKey

_ERRORS = "'no_answer', 'no_effect', 'nak', 'session_unknown', 'refused_address', 'bad_reply', 'superseded'"


class Outbox(Base):
    """`reason` is what happened, `kind` what the device is asked to do."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("kind in ('coa', 'disconnect')", name="kind_known"),
        CheckConstraint("status in ('pending', 'sent', 'done', 'failed')", name="status_known"),
        CheckConstraint(f"error in ({_ERRORS})", name="error_known"),
        CheckConstraint("(acctuniqueid is null) = (session_month is null)", name="session_whole"),
        Index("ix_outbox_due", "isp_id", "device_id", "next_attempt_at",
              postgresql_where=text("status = 'pending' and acctuniqueid is not null")),
        Index("ix_outbox_events", "created_at", postgresql_where=text("acctuniqueid is null")),
        # Without the tenant, which is part of the digest: the planner, which has no figures of a queue that was empty a
        # moment ago, takes any index that begins with the tenant for as good, and reads all of the tenant's rows.
        Index("ix_outbox_acctuniqueid", "acctuniqueid"),
        Index("ix_outbox_isp_id_customer_id", "isp_id", "customer_id"),
        Index("ix_outbox_done_at", "done_at", postgresql_where=text("done_at is not null")),
        # What makes it safe to look at an event twice.
        Index("uq_outbox_parent", "isp_id", "parent_id", "acctuniqueid", unique=True,
              postgresql_where=text("parent_id is not null")),
        # A session is told to end once, whatever the reasons.
        Index("uq_outbox_disconnect", "isp_id", "acctuniqueid", unique=True, postgresql_where=text(
              "kind = 'disconnect' and status in ('pending', 'sent') and acctuniqueid is not null")),
    )  # fmt: skip

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    #: The event, or the request that this one replaces.
    parent_id: Mapped[int | None]
    #: Of an event: null is every customer's session.
    customer_id: Mapped[int | None]
    #: Of an event: null is every device's session.
    device_id: Mapped[int | None]
    kind: Mapped[str]
    #: One of models.network.requests.REASONS.
    reason: Mapped[str]
    #: The session's row in the books.
    acctuniqueid: Mapped[str | None]
    session_month: Mapped[date | None] = mapped_column(Date)
    #: Acct-Session-Id and User-Name, for people.
    session_id: Mapped[str | None]
    username: Mapped[str | None]
    #: Where it was sent.
    nas_address: Mapped[str | None] = mapped_column(INET)
    #: How the session was named last (radius_module.enforce.wire.ladder).
    step: Mapped[str | None]
    #: Evidence and what verification compares with.
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    #: `sent`: the device has said yes; `done`: accounting shows the effect.
    status: Mapped[str] = mapped_column(server_default="pending")
    error: Mapped[str | None]
    #: Error-Cause (RFC 5176 section 3.6).
    error_cause: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[Created]
    give_up_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[Created]
    sent_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
