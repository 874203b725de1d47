"""Charges that are on no document yet.

A charge that was taken back before it was invoiced never reaches one, and neither does its reversal; what is taken back
later becomes a credit note. Discounts wait until there is enough to deduct them from: no document is below zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.money.documents.draft import Priced, Rate


class Scope(NamedTuple):
    """A tenant's charges that count on the days `since` to `until`, both included; `zone`: the tenant's."""

    isp_id: int
    since: date
    until: date
    zone: str


class WaitingCharge(NamedTuple):
    """`credits`: the document that carries what this takes back, and `line` which of its lines."""

    customer_id: int
    priced: Priced
    inclusive: bool
    credits: int | None
    line: int | None


class PlanShare(NamedTuple):
    """So many waiting charges of a plan (None: of no plan), and what they sum to."""

    service_plan_id: int | None
    charges: int
    total: int


class Waits(NamedTuple):
    """How many customers have waiting charges, and what those sum to."""

    customers: int
    total: int
    by_plan: list[PlanShare]


def charges_of(session: Session, scope: Scope, customers: Sequence[int]) -> list[WaitingCharge]:
    """Of these customers, by customer and in the order in which they were charged."""
    rows = session.execute(_CHARGES, _asked(scope) | {"customers": list(customers)})
    return [_charge(*row) for row in rows]


def next_customers(session: Session, scope: Scope, after: int, limit: int) -> list[int]:
    """The next of those who have waiting charges and are still customers, by id."""
    return list(session.scalars(_NEXT, _asked(scope) | {"after": after, "limit": limit}))


def totals(session: Session, scope: Scope) -> Waits:
    """What a run would issue at this moment."""
    rows = session.execute(_TOTALS, _asked(scope)).all()
    customers = session.scalar(_CUSTOMERS, _asked(scope)) or 0
    return Waits(customers, sum(int(row.total) for row in rows), [PlanShare(*row) for row in rows])


def _charge(
    customer_id: int, charge_id: int, description: str, quantity: int, unit_price: int, net: int, tax: int,
    category: str, percent: Decimal, inclusive: bool, first: date | None, last: date | None, corrected: int | None,
    line: int | None,
) -> WaitingCharge:  # fmt: skip
    days = None if first is None or last is None else (first, max(first, last))
    rate = Rate(category, percent)
    priced = Priced(description, quantity, unit_price, net, tax, rate, days, charge_id)
    return WaitingCharge(customer_id, priced, inclusive, corrected, line)


def _asked(scope: Scope) -> dict[str, object]:
    return scope._asdict()


#: `{whose}` narrows it down to customers.
_WAITING = """
select c.*, o.document_id as credits, o.line as line
  from charges c
  left join document_lines o on o.isp_id = c.isp_id and o.charge_id = c.reverses
 where c.isp_id = :isp_id and {whose} and not c.given and c.net + c.tax <> 0
   and c.effective_on between :since and :until
   and not exists (select from document_lines l where l.isp_id = c.isp_id and l.charge_id = c.id)
   and case when c.reverses is null
            then not exists (select from charges r where r.isp_id = c.isp_id and r.reverses = c.id)
            else o.document_id is not null end"""
_ENOUGH = """
select *, reverses is not null or net >= 0
          or sum(net) filter (where reverses is null)
             over (partition by customer_id, tax_inclusive, tax_category, tax_rate) >= 0 as enough
  from ({waiting}) waiting"""
_CHARGES = text(f"""
select customer_id, id, description, quantity, unit_price, net, tax, tax_category, tax_rate, tax_inclusive,
       (lower(during) at time zone :zone)::date,
       ((upper(during) - interval '1 microsecond') at time zone :zone)::date, credits, line
  from ({_ENOUGH.format(waiting=_WAITING.format(whose="c.customer_id = any(:customers)"))}) w
 where enough order by customer_id, id
""")  # noqa: S608  # our own text
_NEXT = text(f"""
select w.customer_id from ({_WAITING.format(whose="c.customer_id > :after")}) w
 where exists (select from customers k where k.isp_id = :isp_id and k.id = w.customer_id)
 group by w.customer_id order by w.customer_id limit :limit
""")  # noqa: S608  # our own text
_ALL = _ENOUGH.format(
    waiting=_WAITING.format(whose="exists (select from customers k where k.isp_id = c.isp_id and k.id = c.customer_id)")
)
_TOTALS = text(f"""
select service_plan_id, count(*), sum(net + tax)::bigint as total from ({_ALL}) w
 where enough group by service_plan_id order by service_plan_id nulls last
""")  # noqa: S608  # our own text
_CUSTOMERS = text(f"select count(distinct customer_id) from ({_ALL}) w where enough")  # noqa: S608  # our own text
