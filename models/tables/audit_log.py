"""Who changed what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created


class AuditLog(Base):
    """One change, or one login. `before` and `after` hold the public fields; secrets are masked by the writer.

    Rows are added and never changed: neither the API's nor the engine's role may. `isp_id` is null for what belongs to
    no tenant, so it cannot be part of the key; it outlives its tenant, so it references none (docs/decisions).
    """

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_isp_id_created_at", "isp_id", "created_at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    isp_id: Mapped[int | None] = mapped_column(BigInteger)
    #: User name, `api-key`, or the command that did it.
    actor: Mapped[str]
    action: Mapped[str]
    resource: Mapped[str]
    resource_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    address: Mapped[str | None] = mapped_column(INET)
    request_id: Mapped[str | None]
    created_at: Mapped[Created]
