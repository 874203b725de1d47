"""Invoices, credit notes, receipts and proformas; their numbers, their chain, their runs and their files.

An issued document is frozen: nobody who serves may change or remove one, and a trigger refuses it to the owner, too.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, HistoryTenantKey, Id, No

DOCUMENT_KINDS = ("invoice", "credit_note", "receipt", "proforma")
RUN_STATES = ("planned", "issuing", "done")


class Document(Base):
    """One document, its amounts in minor units. A proforma has no number and stands in no chain.

    A credit note's amounts are above zero: its kind says which way they go. `total` + `rounding` is what its charges
    sum to. `hash` is over the document's columns, lines and taxes and `previous_hash`, and is written by a trigger.
    """

    __tablename__ = "documents"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "corrects"], ["documents.isp_id", "documents.id"]),
        ForeignKeyConstraint(["isp_id", "payment_id"], ["payments.isp_id", "payments.id"]),
        UniqueConstraint("isp_id", "series", "number"),
        UniqueConstraint("isp_id", "full_number"),
        UniqueConstraint("isp_id", "chain_no"),
        UniqueConstraint("isp_id", "payment_id"),
        Index("ix_documents_isp_id_customer_id", "isp_id", "customer_id", "id"),
        Index(
            "ix_documents_unanswered",
            "isp_id",
            "issued_at",
            postgresql_where=text("fiscal is null and kind in ('invoice', 'credit_note')"),
        ),
        Index("ix_documents_isp_id_corrects", "isp_id", "corrects", postgresql_where=text("corrects is not null")),
        CheckConstraint(f"kind in {DOCUMENT_KINDS}", name="kind_known"),
        CheckConstraint(
            "num_nulls(series, number, full_number, issued_at, chain_no, previous_hash, hash)"
            " = case when kind = 'proforma' then 7 else 0 end",
            name="numbered_when_issued",
        ),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("total = net + tax", name="total_is_net_and_tax"),
        CheckConstraint("net >= 0 and tax >= 0", name="not_below_zero"),
        CheckConstraint("prepaid between 0 and greatest(total + rounding, 0)", name="prepaid_within_total"),
        CheckConstraint("(kind = 'credit_note') = (corrects is not null)", name="credit_note_corrects"),
        CheckConstraint("(kind = 'receipt') = (payment_id is not null)", name="receipt_of_payment"),
        CheckConstraint("supply_from <= supply_to", name="supply_in_order"),
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[Id]
    kind: Mapped[str]
    #: Where it is counted: the pattern with everything filled in but the number.
    series: Mapped[str | None]
    number: Mapped[int | None]
    #: As it is printed.
    full_number: Mapped[str | None]
    issued_at: Mapped[datetime | None]
    #: The tenant's local day.
    issued_on: Mapped[date]
    supply_from: Mapped[date | None]
    supply_to: Mapped[date | None]
    due_on: Mapped[date | None]
    customer_id: Mapped[int | None]
    #: Snapshots: models.money.documents.parties says what they hold.
    seller: Mapped[dict[str, Any]] = mapped_column(JSONB)
    buyer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    currency: Mapped[str]
    tax_name: Mapped[str]
    #: The charges' prices hold the tax.
    tax_inclusive: Mapped[No]
    net: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    rounding: Mapped[int] = mapped_column(server_default=text("0"))
    #: What of it was paid when it was issued.
    prepaid: Mapped[int] = mapped_column(server_default=text("0"))
    note: Mapped[str | None]
    corrects: Mapped[int | None]
    payment_id: Mapped[int | None]
    run_id: Mapped[int | None]
    #: The place in the tenant's chain: 1, 2, ...
    chain_no: Mapped[int | None]
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: A tax authority's answer, written once.
    fiscal: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    #: Of the file in `document_files`, written once.
    pdf_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    actor: Mapped[str]
    created_at: Mapped[Created]


class DocumentLine(Base):
    """`net` = `quantity` x `unit_price` / `price_quantity`. A charge stands on one line for ever."""

    __tablename__ = "document_lines"
    __table_args__ = (
        # The lines are written first, so that the document's hash covers them.
        ForeignKeyConstraint(
            ["isp_id", "document_id"], ["documents.isp_id", "documents.id"], deferrable=True, initially="DEFERRED"
        ),
        UniqueConstraint("isp_id", "charge_id"),
        CheckConstraint("net * price_quantity = quantity * unit_price", name="quantity_times_price"),
        CheckConstraint("quantity <> 0 and price_quantity > 0", name="quantities_not_zero"),
        CheckConstraint("unit_price >= 0", name="unit_price_not_negative"),
        CheckConstraint("(period_from is null) = (period_until is null)", name="period_whole"),
    )

    isp_id: Mapped[HistoryTenantKey]
    document_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    charge_id: Mapped[int | None]
    description: Mapped[str]
    #: Below zero where the line deducts.
    quantity: Mapped[int]
    #: Net, for `price_quantity` of them.
    unit_price: Mapped[int]
    price_quantity: Mapped[int] = mapped_column(server_default=text("1"))
    net: Mapped[int]
    tax_category: Mapped[str]
    tax_rate: Mapped[Decimal] = mapped_column(Numeric(6, 3))
    #: Both days included.
    period_from: Mapped[date | None]
    period_until: Mapped[date | None]

    @property
    def days(self) -> tuple[date, date] | None:
        """What it is for, where that is some days."""
        return None if self.period_from is None or self.period_until is None else (self.period_from, self.period_until)


class DocumentTax(Base):
    """Tax of one category and rate, rounded once for the whole document."""

    __tablename__ = "document_taxes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["isp_id", "document_id"], ["documents.isp_id", "documents.id"], deferrable=True, initially="DEFERRED"
        ),
        CheckConstraint("base >= 0 and tax >= 0", name="not_below_zero"),
    )

    isp_id: Mapped[HistoryTenantKey]
    document_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    tax_category: Mapped[str] = mapped_column(primary_key=True)
    tax_rate: Mapped[Decimal] = mapped_column(Numeric(6, 3), primary_key=True)
    base: Mapped[int]
    tax: Mapped[int]
    exemption_reason: Mapped[str] = mapped_column(server_default="")


class DocumentFile(Base):
    """What a document looks like, rendered once. In the database, so that a backup has it."""

    __tablename__ = "document_files"
    __table_args__ = (ForeignKeyConstraint(["isp_id", "document_id"], ["documents.isp_id", "documents.id"]),)

    isp_id: Mapped[HistoryTenantKey]
    document_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pdf: Mapped[bytes] = mapped_column(LargeBinary)
    #: Invoices and credit notes only.
    xml: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Of the PDF.
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    rendered_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class DocumentChain(Base):
    """The end of a tenant's chain. Moved by a trigger alone; its lock puts those who issue into an order."""

    __tablename__ = "document_chains"

    isp_id: Mapped[HistoryTenantKey]
    length: Mapped[int] = mapped_column(server_default=text("0"))
    hash: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''::bytea"))
    issued_at: Mapped[datetime | None]


class NumberSeries(Base):
    """The next number of a series. The row is locked until whoever took a number has committed or failed."""

    __tablename__ = "number_series"
    __table_args__ = (
        CheckConstraint("next > 0", name="next_positive"),
        CheckConstraint("resets in ('never', 'year', 'month')", name="resets_known"),
    )

    isp_id: Mapped[HistoryTenantKey]
    series: Mapped[str] = mapped_column(primary_key=True)
    pattern: Mapped[str]
    next: Mapped[int]
    resets: Mapped[str]


class InvoiceRun(Base):
    """Everybody's waiting charges become documents, a thousand customers at a time, up to `last_customer_id` so far."""

    __tablename__ = "invoice_runs"
    __table_args__ = (
        Index("uq_invoice_runs_issuing", "isp_id", unique=True, postgresql_where=text("state = 'issuing'")),
        CheckConstraint(f"state in {RUN_STATES}", name="state_known"),
        CheckConstraint("(state = 'done') = (done_at is not null)", name="done_has_time"),
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[Id]
    #: Charges up to this day, included.
    until: Mapped[date]
    state: Mapped[str] = mapped_column(server_default="planned")
    #: Begun by the calendar.
    automatic: Mapped[No]
    last_customer_id: Mapped[int] = mapped_column(server_default=text("0"))
    issued: Mapped[int] = mapped_column(server_default=text("0"))
    #: Invoices less credit notes, so far.
    total: Mapped[int] = mapped_column(server_default=text("0"))
    actor: Mapped[str]
    created_at: Mapped[Created]
    done_at: Mapped[datetime | None]
