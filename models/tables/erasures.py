"""Customers who asked to be forgotten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from models.tables.base import Base, Created, HistoryTenantKey, Id


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
