"""Charges, payments and drawers as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from admin_api.web.database import of_tenant, session, tenant, tenant_id
from admin_api.web.money import shown_amount
from models import Charge, Drawer, Payment, Refund
from models.money import charges, drawers, ledger, receivables
from models.money.purchases.quote import Quote, QuotedLine


def shown_charges(rows: Sequence[Charge]) -> list[dict[str, Any]]:
    """With what took them back, in one statement for all of them."""
    query = select(Charge.reverses, Charge.id).where(of_tenant(Charge), Charge.reverses.in_([row.id for row in rows]))
    undone = {reverses: by for reverses, by in session().execute(query)}
    return [_charge(row) | {"reversed_by": undone.get(row.id)} for row in rows]


def _charge(row: Charge) -> dict[str, Any]:
    same = ("id", "customer_id", "kind", "description", "quantity", "tax_category", "given", "reason", "reverses",
            "effective_on", "actor", "created_at")  # fmt: skip
    begin, end = (None, None) if row.during is None else charges.bounds(row)
    return {name: getattr(row, name) for name in same} | {
        "unit_price": shown_amount(row.unit_price),
        "net": shown_amount(row.net),
        "tax": shown_amount(row.tax),
        "total": shown_amount(row.total),
        "tax_rate": f"{row.tax_rate.normalize():f}",
        "period_start": begin,
        "period_end": end,
        "days": charges.days_of(row),
    }


def shown_payments(rows: Sequence[Payment]) -> list[dict[str, Any]]:
    """With what they paid, in as many statements for one as for a hundred."""
    customers = [row.customer_id for row in rows if row.customer_id is not None]
    paid = receivables.allocations(session(), tenant_id(), customers)
    query = select(Refund.payment_id, func.sum(Refund.amount)).where(
        of_tenant(Refund), Refund.payment_id.in_([row.id for row in rows])
    )
    back = {payment: int(amount) for payment, amount in session().execute(query.group_by(Refund.payment_id))}
    return [_payment(row, paid.get(row.id, []), back.get(row.id, 0)) for row in rows]


def _payment(row: Payment, paid: list[receivables.Allocation], refunded: int) -> dict[str, Any]:
    same = ("id", "customer_id", "pay_reference", "method", "received_at", "state", "note", "drawer_id", "actor",
            "created_at")  # fmt: skip
    left = row.amount - refunded - sum(part.amount for part in paid) if row.state == "confirmed" else 0
    return {name: getattr(row, name) for name in same} | {
        "amount": shown_amount(row.amount),
        "refunded": shown_amount(refunded),
        "reference": row.provider_ref,
        "allocations": [{"charge_id": part.charge_id, "amount": shown_amount(part.amount)} for part in paid],
        "unallocated": shown_amount(left),
    }


def shown_drawers(rows: Sequence[Drawer]) -> list[dict[str, Any]]:
    """What is in them, and what was counted."""
    same = ("id", "operator", "opened_at", "closed_at", "note")
    held = drawers.held_in(session(), tenant_id(), [row.id for row in rows if row.closed_at is None])
    return [
        {name: getattr(row, name) for name in same}
        | {
            "held": shown_amount(held.get(row.id, 0)),
            "expected": None if row.expected is None else shown_amount(row.expected),
            "counted": None if row.counted is None else shown_amount(row.counted),
        }
        for row in rows
    ]


def shown_quote(quote: Quote) -> dict[str, Any]:
    """What something costs."""
    return {
        "lines": [_quoted(line) for line in quote.lines],
        "total": shown_amount(quote.total),
        "credit_after": shown_amount(quote.credit_after),
        "currency": tenant().currency,
    }


def shown_purchase(customer_id: int, written: Sequence[Charge]) -> dict[str, Any]:
    """What something has cost, as its quote says it."""
    lines = [QuotedLine.of(row) for row in written]
    total = sum(line.net + line.tax for line in lines if not line.given)
    return shown_quote(Quote(lines, total, ledger.credit_of(session(), tenant_id(), customer_id)))


def _quoted(line: QuotedLine) -> dict[str, Any]:
    same = ("kind", "description", "quantity", "days", "given", "reason")
    return {name: getattr(line, name) for name in same} | {
        "unit_price": shown_amount(line.unit_price),
        "net": shown_amount(line.net),
        "tax": shown_amount(line.tax),
        "total": shown_amount(line.net + line.tax),
    }
