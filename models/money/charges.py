"""Charges: what a customer owes for what. Written with their transfers; never changed, reversed as a whole.

In the caller's transaction; commits nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from models.audit_trail import record
from models.money import ledger
from models.money.amounts import Taxed, part, taxed
from models.money.billing_settings import Tax
from models.money.ledger import Cause, Movement, acting
from models.refusals import Refused
from models.tables.charges import Charge, ChargedPeriod
from models.tables.isps import Isp


class Days(NamedTuple):
    """The local days `since` to `until` (exclusive) of a period of `whole` days."""

    since: int
    until: int
    whole: int


class Line(NamedTuple):
    """What is to be charged: `quantity` times `unit_price`, or so many days of a period that costs `unit_price`.

    Prices are minor units as the tenant prices: with tax where its prices hold it.
    """

    kind: str
    description: str
    unit_price: int
    quantity: int = 1
    during: tuple[datetime, datetime] | None = None
    days: Days | None = None
    subscription_id: int | None = None
    topup_id: int | None = None
    service_plan_id: int | None = None
    reason: str | None = None


class Billing(NamedTuple):
    """In whose books, at what tax, when."""

    isp: Isp
    tax: Tax
    now: datetime

    @property
    def today(self) -> date:
        """The tenant's local day."""
        return local_day(self.isp, self.now)


def local_day(isp: Isp, moment: datetime) -> date:
    """The tenant's local day at that moment."""
    return moment.astimezone(ZoneInfo(isp.timezone)).date()


def shares_of(line: Line, tax: Tax) -> Taxed:
    """Net and tax. Of a part, the difference of two running sums: neighbouring parts add up, in net and in tax."""
    if line.days is None:
        return taxed(line.quantity * line.unit_price, tax.rate, inclusive=tax.inclusive)
    since, until = (
        taxed(part(line.unit_price, 0, day, line.days.whole), tax.rate, inclusive=tax.inclusive)
        for day in (line.days.since, line.days.until)
    )
    return Taxed(until.net - since.net, until.tax - since.tax)


def charge(session: Session, billing: Billing, customer_id: int, line: Line) -> Charge:
    """The customer owes the line from now on (or is owed it, where it is below zero)."""
    return charge_all(session, billing, [(customer_id, line)])[0]


def charge_all(session: Session, billing: Billing, wanted: Sequence[tuple[int, Line]]) -> list[Charge]:
    """Each customer owes the line: one or a thousand, in the same few statements."""
    rows = [_row(session, billing, customer_id, line) for customer_id, line in wanted]
    session.add_all(rows)
    session.flush()
    lines = [line for _, line in wanted]
    session.add_all(
        _in_force(row, line.during) for row, line in zip(rows, lines, strict=True) if line.during is not None
    )
    session.flush()
    ledger.post_all(session, billing.isp.id, _movements(session, billing.isp.id, rows))
    return rows


def charge_once(session: Session, billing: Billing, customer_id: int, line: Line) -> Charge:
    """A fee, an add-on or a discount that an operator writes."""
    row = charge(session, billing, customer_id, line)
    shown = {"customer_id": customer_id, "kind": row.kind, "description": row.description, "total": row.total}
    record(session, "create", row, after=shown)
    return row


def give(session: Session, billing: Billing, customer_id: int, line: Line, reason: str) -> Charge:
    """The line is given away: a charge at its price and its reversal, which move no money."""
    row = _row(session, billing, customer_id, line._replace(reason=reason))
    row.given = True
    session.add(row)
    session.flush()
    session.add(_reversal(session, row, reason, billing.today))
    session.flush()
    return row


def reverse(session: Session, isp: Isp, row: Charge, reason: str, now: datetime) -> Charge:
    """Take the charge back as a whole; the instants it was for may be charged again."""
    if row.reverses is not None:
        raise Refused("is_reversal", "A reversal is not reversed: charge anew instead.")
    if row.given or reversal_of(session, row) is not None:
        raise Refused("already_reversed", "This charge has been taken back already.")
    undone = _reversal(session, row, reason, local_day(isp, now))
    session.add(undone)
    session.execute(delete(ChargedPeriod).where(ChargedPeriod.isp_id == row.isp_id, ChargedPeriod.charge_id == row.id))
    session.flush()
    transfers = ledger.transfers_of(session, row.isp_id, "charge", row.id)
    ledger.reverse(session, row.isp_id, Cause("charge", undone.id, undone.effective_on), transfers)
    record(session, "reverse", row, after={"reason": reason})
    return undone


def reversal_of(session: Session, row: Charge) -> int | None:
    """The id of the charge that took it back."""
    return session.scalar(select(Charge.id).where(Charge.isp_id == row.isp_id, Charge.reverses == row.id))


def in_force(session: Session, isp_id: int, customer_id: int, since: datetime) -> list[Charge]:
    """The customer's period charges that reach beyond `since`, the earliest first."""
    query = (
        select(Charge)
        .join(ChargedPeriod, (ChargedPeriod.isp_id == Charge.isp_id) & (ChargedPeriod.charge_id == Charge.id))
        .where(
            Charge.isp_id == isp_id,
            Charge.customer_id == customer_id,
            ChargedPeriod.during.op("&&")(Range(since, None)),
        )
        .order_by(ChargedPeriod.during)
    )
    return list(session.scalars(query))


def bounds(row: Charge) -> tuple[datetime, datetime]:
    """From when to when a period charge is for."""
    during = row.during
    if during is None or during.lower is None or during.upper is None:
        raise ValueError(f"charge {row.id} is for no period")
    return during.lower, during.upper


def days_of(row: Charge) -> Days | None:
    """Of a part of a period, which days."""
    if row.days_from is None or row.days_until is None or row.days_whole is None:
        return None
    return Days(row.days_from, row.days_until, row.days_whole)


def tax_of(row: Charge) -> Tax:
    """The tax that it was charged with."""
    return Tax(row.tax_category, row.tax_rate, row.tax_inclusive)


def _row(session: Session, billing: Billing, customer_id: int, line: Line) -> Charge:
    shares, days = shares_of(line, billing.tax), line.days
    return Charge(
        isp_id=billing.isp.id,
        customer_id=customer_id,
        kind=line.kind,
        during=None if line.during is None else Range(*line.during),
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        net=shares.net,
        tax=shares.tax,
        tax_category=billing.tax.category,
        tax_rate=billing.tax.percent,
        tax_inclusive=billing.tax.inclusive,
        days_from=days and days.since,
        days_until=days and days.until,
        days_whole=days and days.whole,
        subscription_id=line.subscription_id,
        topup_id=line.topup_id,
        service_plan_id=line.service_plan_id,
        reason=line.reason,
        effective_on=billing.today,
        actor=acting(session),
    )


def _reversal(session: Session, row: Charge, reason: str, on: date) -> Charge:
    kept = ("isp_id", "customer_id", "kind", "during", "description", "unit_price", "tax_category", "tax_rate",
            "tax_inclusive", "days_from", "days_until", "days_whole", "subscription_id", "topup_id", "service_plan_id",
            "given")  # fmt: skip
    return Charge(
        **{name: getattr(row, name) for name in kept},
        quantity=-row.quantity,
        net=-row.net,
        tax=-row.tax,
        reason=reason,
        reverses=row.id,
        effective_on=on,
        actor=acting(session),
    )


def _in_force(row: Charge, during: tuple[datetime, datetime]) -> ChargedPeriod:
    return ChargedPeriod(isp_id=row.isp_id, charge_id=row.id, customer_id=row.customer_id, during=Range(*during))


def _movements(session: Session, isp_id: int, rows: Sequence[Charge]) -> list[tuple[Cause, Movement]]:
    """From the customers to revenue and tax; the other way round where a customer is owed."""
    shares = [
        (row, word, amount, other)
        for row in rows
        for word, amount, other in (
            ("net", row.net, ("revenue", "")),
            ("tax", row.tax, ("tax", f"{row.tax_category}:{int(row.tax_rate * 1000)}")),
        )
        if amount
    ]
    if not shares:
        return []
    named = [name for row, _, _, other in shares for name in (("customer", str(row.customer_id)), other)]
    of = dict(zip(named, ledger.accounts(session, isp_id, named), strict=True))
    movements = []
    for row, word, amount, other in shares:
        customer, target = of["customer", str(row.customer_id)], of[other]
        source, target = (customer, target) if amount > 0 else (target, customer)
        cause = Cause("charge", row.id, row.effective_on)
        movements.append((cause, Movement(f"charge:{row.id}:{word}", source, target, abs(amount))))
    return movements
