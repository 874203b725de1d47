"""ISPs, the tenants of the installation, and how each of them bills."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, No, TenantKey, Updated

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
        CheckConstraint("login_retention_months >= 1", name="login_retention_months_positive"),
        CheckConstraint("audit_retention_months >= 3", name="audit_retention_months_enough"),
        CheckConstraint("request_retention_days >= 7", name="request_retention_days_enough"),
        CheckConstraint("quarantine_retention_days >= 7", name="quarantine_retention_days_enough"),
        CheckConstraint("length(name) between 1 and 200", name="name_length"),
        Index("uq_isps_is_demo", "is_demo", unique=True, postgresql_where=text("is_demo")),
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
    #: The same for results of logins; null: as long as sessions.
    login_retention_months: Mapped[int | None]
    audit_retention_months: Mapped[int] = mapped_column(server_default=text("24"))
    #: Requests to devices that are over.
    request_retention_days: Mapped[int] = mapped_column(server_default=text("90"))
    #: Records that could not be booked.
    quarantine_retention_days: Mapped[int] = mapped_column(server_default=text("365"))
    credential_storage: Mapped[str] = mapped_column(server_default="encrypted")
    #: Made to be looked at: the one tenant that can be removed with its ledger (migration 0031).
    is_demo: Mapped[No]
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]


class BillingSettings(Base):
    """A tenant's seller, tax and terms. Until this row is saved, periods are given and nothing is owed."""

    __tablename__ = "billing_settings"
    __table_args__ = (
        CheckConstraint("tax_rate >= 0 and tax_rate < 100", name="tax_rate_range"),
        CheckConstraint("invoicing in ('none', 'each_charge', 'monthly')", name="invoicing_known"),
        CheckConstraint("due_days between 0 and 365", name="due_days_range"),
        CheckConstraint("first_period in ('on_account', 'free')", name="first_period_known"),
        CheckConstraint("suspension in ('bill', 'pause')", name="suspension_known"),
        CheckConstraint(
            "num_nulls(fiscal_authority, fiscal_since) in (0, 2) and fiscal_authority in ('reference')",
            name="fiscal_authority_known",
        ),
    )

    isp_id: Mapped[TenantKey]
    #: name, address, city, postcode, country, tax_id, vat_id, email, phone, iban, bic.
    seller: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    tax_name: Mapped[str] = mapped_column(server_default="")
    #: Percent.
    tax_rate: Mapped[Decimal] = mapped_column(Numeric(6, 3), server_default=text("0"))
    tax_inclusive: Mapped[No]
    tax_category: Mapped[str] = mapped_column(server_default="S")
    #: Why there is none, as documents say it; empty: the category's usual words.
    tax_exemption_reason: Mapped[str] = mapped_column(server_default="")
    invoicing: Mapped[str] = mapped_column(server_default="none")
    series: Mapped[str] = mapped_column(server_default="INV-{year}-{number:05}")
    credit_note_series: Mapped[str] = mapped_column(server_default="CN-{year}-{number:05}")
    receipt_series: Mapped[str] = mapped_column(server_default="RC-{year}-{number:05}")
    #: What was charged on earlier days never reaches a document. Set when invoicing begins.
    invoicing_since: Mapped[date | None]
    #: colour, text, footer, logo (base64).
    look: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    due_days: Mapped[int] = mapped_column(server_default=text("0"))
    #: [{after_days, action, weekdays}]
    dunning: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    first_period: Mapped[str] = mapped_column(server_default="on_account")
    suspension: Mapped[str] = mapped_column(server_default="bill")
    #: Whose system is told about documents, from `fiscal_since` on.
    fiscal_authority: Mapped[str | None]
    fiscal_since: Mapped[datetime | None]
    #: The tenant's API key may take payments and change what is owed.
    api_key_money: Mapped[No]
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]
