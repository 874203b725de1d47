"""ISPs: the tenants of the installation."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Identity, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, Updated

CREDENTIAL_STORAGES = ("encrypted", "nt_password", "ssha512")


class Isp(Base):
    """A tenant. `radius_secret` is encrypted (models.secrets.keyring); of the API key only a SHA-256 is kept."""

    __tablename__ = "isps"
    __table_args__ = (
        CheckConstraint("status in ('active', 'suspended')", name="status_known"),
        CheckConstraint(
            "credential_storage in ('encrypted', 'nt_password', 'ssha512')", name="credential_storage_known"
        ),
        CheckConstraint("max_stale_hours >= 0", name="max_stale_hours_not_negative"),
        CheckConstraint("retention_months >= 1", name="retention_months_positive"),
        CheckConstraint("length(name) between 1 and 200", name="name_length"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str]
    company_name: Mapped[str | None]
    email: Mapped[str | None]
    api_key_hash: Mapped[str | None] = mapped_column(unique=True)
    radius_secret: Mapped[str | None]
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    currency: Mapped[str] = mapped_column(server_default="USD")
    status: Mapped[str] = mapped_column(server_default="active")
    #: How long logins are served from memory or snapshot without the database, hours.
    max_stale_hours: Mapped[int] = mapped_column(server_default=text("72"))
    #: How long closed sessions are kept, months.
    retention_months: Mapped[int] = mapped_column(server_default=text("24"))
    credential_storage: Mapped[str] = mapped_column(server_default="encrypted")
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]
