"""Documents as they are shown, in as many statements for one as for a hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from admin_api.web.database import of_tenant, session, tenant_id
from models import Document, DocumentLine, DocumentTax
from models.money import receivables
from models.money.amounts import decimal_text


def shown_documents(rows: Sequence[Document]) -> list[dict[str, Any]]:
    """With lines, taxes, what corrected them and what is open."""
    ids = [row.id for row in rows]
    lines: dict[int, list[DocumentLine]] = defaultdict(list)
    of_lines = select(DocumentLine).where(of_tenant(DocumentLine), DocumentLine.document_id.in_(ids))
    for line in session().scalars(of_lines.order_by(DocumentLine.line)):
        lines[line.document_id].append(line)
    taxes: dict[int, list[DocumentTax]] = defaultdict(list)
    of_taxes = select(DocumentTax).where(of_tenant(DocumentTax), DocumentTax.document_id.in_(ids))
    for tax in session().scalars(of_taxes.order_by(DocumentTax.tax_category, DocumentTax.tax_rate)):
        taxes[tax.document_id].append(tax)
    notes: dict[int, list[int]] = defaultdict(list)
    corrections = select(Document.corrects, Document.id).where(of_tenant(Document), Document.corrects.in_(ids))
    for corrected, note in session().execute(corrections.order_by(Document.id)):
        notes[corrected or 0].append(note)
    invoiced = [row.customer_id for row in rows if row.kind == "invoice" and row.customer_id is not None]
    still_open = receivables.unpaid(session(), tenant_id(), invoiced)
    return [
        _document(row)
        | {
            "open": decimal_text(_sum(row, lines[row.id], still_open), row.currency),
            "corrected_by": notes[row.id],
            "lines": [_line(line, row.currency) for line in lines[row.id]],
            "taxes": [_tax(tax, row.currency) for tax in taxes[row.id]],
        }
        for row in rows
    ]


def open_documents(customer_id: int) -> list[int]:
    """Invoices of which something is not paid, the oldest first."""
    ids = list(receivables.unpaid(session(), tenant_id(), [customer_id]))
    query = select(DocumentLine.document_id).where(of_tenant(DocumentLine), DocumentLine.charge_id.in_(ids)).distinct()
    return sorted(session().scalars(query))


def _sum(row: Document, lines: list[DocumentLine], still_open: dict[int, int]) -> int:
    if row.kind != "invoice":
        return 0
    return sum(still_open.get(line.charge_id or 0, 0) for line in lines)


def _document(row: Document) -> dict[str, Any]:
    same = ("id", "kind", "issued_at", "issued_on", "supply_from", "supply_to", "due_on", "customer_id", "seller",
            "buyer", "currency", "note", "corrects", "payment_id", "run_id", "fiscal", "actor",
            "created_at")  # fmt: skip
    amounts = ("net", "tax", "total", "rounding", "prepaid")
    return (
        {name: getattr(row, name) for name in same}
        | {name: decimal_text(getattr(row, name), row.currency) for name in amounts}
        | {"number": row.full_number, "hash": None if row.hash is None else row.hash.hex()}
    )


def _line(line: DocumentLine, currency: str) -> dict[str, Any]:
    same = ("line", "charge_id", "description", "quantity", "price_quantity", "tax_category", "period_from",
            "period_until")  # fmt: skip
    return {name: getattr(line, name) for name in same} | {
        "unit_price": decimal_text(line.unit_price, currency),
        "net": decimal_text(line.net, currency),
        "tax_rate": f"{line.tax_rate.normalize():f}",
    }


def _tax(tax: DocumentTax, currency: str) -> dict[str, Any]:
    return {
        "tax_category": tax.tax_category,
        "tax_rate": f"{tax.tax_rate.normalize():f}",
        "base": decimal_text(tax.base, currency),
        "tax": decimal_text(tax.tax, currency),
        "exemption_reason": tax.exemption_reason,
    }
