"""Receipts and proformas: about money that came, and about what something would cost. Neither moves money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit_trail import record
from models.money import billing_settings, receivables
from models.money.charges import Line, shares_of
from models.money.documents import parties
from models.money.documents.draft import Draft, DraftLine, Priced, Rate, compose
from models.money.documents.issue import Turn, issue, take_turn
from models.refusals import Invalid, Refused
from models.tables.charges import Charge
from models.tables.documents import Document
from models.tables.isps import Isp
from models.tables.payments import Payment

#: A receipt is about money, not about what was sold: its lines bear no tax.
_NO_RATE = Rate("O", Decimal(0))
_LEFT = "Credit for what comes"


def receipt(session: Session, isp: Isp, payment: Payment, now: datetime) -> Document:
    """The payment's receipt, once: what the money paid when it was issued stands on it for good."""
    known = select(Document).where(Document.isp_id == isp.id, Document.payment_id == payment.id)
    settings = parties.complete(billing_settings.read(session, isp.id))
    turn = take_turn(session, isp, settings, now)
    existing = session.scalar(known)
    if existing is not None:
        return existing
    if payment.state != "confirmed" or payment.customer_id is None:
        raise Refused("not_confirmed", "A receipt is for a confirmed payment of a known customer.")
    lines = _paid(session, isp.id, payment)
    draft = Draft("receipt", payment.customer_id, lines, [], payment.amount, prepaid=payment.amount,
                  note=_how(payment), payment_id=payment.id)  # fmt: skip
    return _issued(session, turn, draft, payment.customer_id)


def proforma(session: Session, isp: Isp, customer_id: int, lines: Sequence[Line], now: datetime) -> Document:
    """What the lines would cost at the tenant's tax. It has no number, is in no chain, and nobody owes it."""
    settings = parties.complete(billing_settings.read(session, isp.id))
    tax = billing_settings.tax_of(settings)
    priced = [
        Priced(line.description, line.quantity, line.unit_price, *shares_of(line, tax), Rate(tax.category, tax.percent))
        for line in lines
    ]
    composed, taxes = compose(priced, inclusive=tax.inclusive)
    if any(part.base < 0 for part in taxes):
        raise Invalid("lines", "must not sum to less than zero")
    charged = sum(line.net for line in composed) + sum(part.tax for part in taxes)
    draft = Draft("proforma", customer_id, composed, taxes, charged, inclusive=tax.inclusive)
    return _issued(session, Turn(isp, settings, now), draft, customer_id)


def _issued(session: Session, turn: Turn, draft: Draft, customer_id: int) -> Document:
    country = str(turn.settings.seller.get("country", ""))
    buyer = parties.buyers(session, turn.isp.id, [customer_id], country)
    if not buyer:
        raise Refused("no_customer", "The customer is gone: there is nobody to name.")
    draft.buyer = buyer[customer_id]
    (identity,) = issue(session, turn, [draft])
    document = session.get_one(Document, (turn.isp.id, identity))
    record(session, "issue", document, after={"kind": document.kind, "customer_id": customer_id})
    return document


def _paid(session: Session, isp_id: int, payment: Payment) -> list[DraftLine]:
    customer = payment.customer_id or 0
    parts = receivables.allocations(session, isp_id, [customer]).get(payment.id, [])
    ids = [part.charge_id for part in parts]
    names = dict(
        session.execute(select(Charge.id, Charge.description).where(Charge.isp_id == isp_id, Charge.id.in_(ids))).all()
    )
    amounts = [(names[part.charge_id], part.amount) for part in parts]
    left = payment.amount - sum(amount for _, amount in amounts)
    return [_plain(name, amount) for name, amount in [*amounts, (_LEFT, left)] if amount]


def _plain(description: str, amount: int) -> DraftLine:
    return DraftLine(description, 1, amount, 1, amount, _NO_RATE)


def _how(payment: Payment) -> str:
    return payment.method if payment.provider_ref is None else f"{payment.method} {payment.provider_ref}"
