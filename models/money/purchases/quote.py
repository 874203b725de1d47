"""What something would cost: it is done, looked at, and undone. So a quote is the act itself, and cannot differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.money import ledger
from models.money.charges import Days, days_of
from models.tables.charges import Charge


class QuotedLine(NamedTuple):
    """A charge as it would be written; below zero, what would be taken back."""

    kind: str
    description: str
    quantity: int
    unit_price: int
    days: Days | None
    net: int
    tax: int
    effective_on: date
    given: bool
    reason: str | None

    @classmethod
    def of(cls, charge: Charge) -> QuotedLine:
        """The charge as a line."""
        same = (charge.kind, charge.description, charge.quantity, charge.unit_price, days_of(charge))
        amounts = (charge.net, charge.tax, charge.effective_on, charge.given, charge.reason)
        return cls(*same, *amounts)


class Quote(NamedTuple):
    """`total` is what the customer would owe for it, `credit_after` what they would then have with the tenant."""

    lines: list[QuotedLine]
    total: int
    credit_after: int


def quote(session: Session, isp_id: int, customer_id: int, act: Callable[[], object]) -> Quote:
    """Do the act in a savepoint, read what it wrote, and take all of it back. What it refuses, it refuses here too."""
    last = session.scalar(select(func.max(Charge.id)).where(Charge.isp_id == isp_id)) or 0
    savepoint = session.begin_nested()
    try:
        act()
        session.flush()
        of_customer = (Charge.isp_id == isp_id, Charge.customer_id == customer_id, Charge.id > last)
        written = session.scalars(select(Charge).where(*of_customer).order_by(Charge.id))
        lines = [QuotedLine.of(charge) for charge in written]
        credit = ledger.credit_of(session, isp_id, customer_id)
    finally:
        savepoint.rollback()
    total = sum(line.net + line.tax for line in lines)
    return Quote(lines, total, credit)
