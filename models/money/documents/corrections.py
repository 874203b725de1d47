"""Somebody credits an invoice: some of its lines, or an amount. In the caller's transaction; commits nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit_trail import record
from models.money import charges
from models.money.billing_settings import Tax, read
from models.money.charges import Billing, Line
from models.money.documents import credit_notes, parties
from models.money.documents.credit_notes import Remainder, Share
from models.money.documents.draft import Draft, Priced, Rate
from models.money.documents.issue import Turn, issue, take_turn
from models.refusals import Invalid, Refused
from models.tables.charges import Charge
from models.tables.documents import Document, DocumentLine
from models.tables.isps import Isp


def credit_lines(
    session: Session, isp: Isp, document: Document, numbers: Sequence[int], reason: str, now: datetime
) -> Document:
    """The charges of these lines are taken back."""
    turn = _turn(session, isp, document, now)
    rows = session.scalars(
        select(DocumentLine)
        .where(DocumentLine.isp_id == isp.id, DocumentLine.document_id == document.id, DocumentLine.line.in_(numbers))
        .order_by(DocumentLine.line)
    ).all()
    if {row.line for row in rows} != set(numbers):
        raise Invalid("lines", "are not all lines of this document")
    rest = credit_notes.remainder(session, document)
    reversals = []
    for row in rows:
        charge = session.get_one(Charge, (isp.id, row.charge_id))
        reversal = charges.reverse(session, isp, charge, reason, now)
        reversals.append((row, _priced(reversal)))
    return _issue(session, turn, credit_notes.of_lines(document, rest, reversals, reason))


def credit_amount(session: Session, isp: Isp, document: Document, amount: int, reason: str, now: datetime) -> Document:
    """So much, tax included, is given back; what it is of each rate follows from what is left of the invoice."""
    turn = _turn(session, isp, document, now)
    rest = credit_notes.remainder(session, document)
    shares = credit_notes.split(rest, amount)
    given = _charge_back(session, turn, document, rest, shares, amount, reason)
    return _issue(session, turn, credit_notes.of_amount(document, rest, shares, given, reason))


def _turn(session: Session, isp: Isp, document: Document, now: datetime) -> Turn:
    if document.kind != "invoice":
        raise Refused("not_an_invoice", "Only an invoice can be credited.")
    settings = parties.complete(read(session, isp.id))
    return take_turn(session, isp, settings, now)


def _charge_back(
    session: Session, turn: Turn, document: Document, rest: Remainder, shares: dict[Rate, Share], amount: int,
    reason: str,
) -> dict[Rate, Priced]:  # fmt: skip
    """The customer gets exactly the amount; the rounding, once nothing else is left, goes with the first rate."""
    odd = amount - sum(share.base + share.tax for share in shares.values())
    given = {}
    for rate, share in shares.items():
        billing = Billing(turn.isp, Tax(rate.category, rate.percent, inclusive=True), turn.at)
        gross, odd = share.base + share.tax + odd, 0
        line = Line("adjustment", f"{document.full_number}: {reason}", -gross, reason=reason)
        given[rate] = _priced(charges.charge(session, billing, document.customer_id or 0, line))
    return given


def _issue(session: Session, turn: Turn, draft: Draft) -> Document:
    (identity,) = issue(session, turn, [draft])
    note = session.get_one(Document, (turn.isp.id, identity))
    record(session, "issue", note, after={"number": note.full_number, "corrects": draft.corrects, "total": note.total})
    return note


def _priced(charge: Charge) -> Priced:
    rate = Rate(charge.tax_category, charge.tax_rate)
    same = (charge.description, charge.quantity, charge.unit_price, charge.net, charge.tax)
    return Priced(*same, rate, None, charge.id)
