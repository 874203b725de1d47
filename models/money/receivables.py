"""What is open and since when: money pays the oldest charge first, so that follows from the order of things alone.

Nothing is stored about which payment paid what: a charge or payment that is taken back drops out, the rest moves up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from models.money import billing_settings, ledger
from models.money.charges import local_day
from models.tables.isps import Isp


class OpenCharge(NamedTuple):
    """`open` of a charge's `total` is not paid."""

    customer_id: int
    charge_id: int
    description: str
    effective_on: date
    total: int
    open: int


class Standing(NamedTuple):
    """How a customer stands. `overdue` is what should have been paid before today."""

    credit: int
    overdue: int
    overdue_since: date | None
    open_charges: list[OpenCharge]


class Allocation(NamedTuple):
    """So much of a payment paid so much of a charge."""

    charge_id: int
    amount: int


def open_charges(session: Session, isp_id: int, customer_id: int | None = None) -> list[OpenCharge]:
    """Of one customer or of all who owe something, the oldest first: the newest charges that make up what is owed."""
    if customer_id is not None:
        return _open_of(session, isp_id, [customer_id])
    return [OpenCharge(*row) for row in session.execute(_OPEN_OF_ALL, {"isp_id": isp_id})]


def unpaid(session: Session, isp_id: int, customers: Iterable[int]) -> dict[int, int]:
    """Charge → what of it is open, of these customers; in one statement."""
    wanted = sorted(set(customers))
    return {charge.charge_id: charge.open for charge in _open_of(session, isp_id, wanted)} if wanted else {}


def _open_of(session: Session, isp_id: int, customers: list[int]) -> list[OpenCharge]:
    return [OpenCharge(*row) for row in session.execute(_OPEN_OF_SOME, {"isp_id": isp_id, "customers": customers})]


def standing(session: Session, isp: Isp, customer_id: int, now: datetime) -> Standing:
    """The customer's credit, and what is open and overdue."""
    settings = billing_settings.read(session, isp.id)
    allowed = timedelta(days=settings.due_days if settings else 0)
    open_now = open_charges(session, isp.id, customer_id)
    late = [charge for charge in open_now if charge.effective_on + allowed < local_day(isp, now)]
    credit = ledger.credit_of(session, isp.id, customer_id)
    return Standing(
        credit, sum(charge.open for charge in late), late[0].effective_on + allowed if late else None, open_now
    )


def allocations(session: Session, isp_id: int, customers: Iterable[int]) -> dict[int, list[Allocation]]:
    """Payment → what it paid: each customer's money, in the order it came, pays their charges in theirs."""
    paid: dict[int, list[Allocation]] = defaultdict(list)
    wanted = {"isp_id": isp_id, "customers": sorted(set(customers))}
    money, owed = defaultdict(list), defaultdict(list)
    for customer_id, payment_id, amount in session.execute(_MONEY, wanted):
        money[customer_id].append((payment_id, amount))
    for customer_id, charge_id, amount in session.execute(_OWED, wanted):
        owed[customer_id].append((charge_id, amount))
    for customer_id, came in money.items():
        for payment_id, allocation in _in_order(came, owed[customer_id]):
            if payment_id is not None:
                paid[payment_id].append(allocation)
    return paid


def _in_order(
    money: list[tuple[int | None, int]], owed: list[tuple[int, int]]
) -> Iterable[tuple[int | None, Allocation]]:
    """Both lists, laid side by side from their beginnings."""
    unpaid = iter(owed)
    charge_id, rest = next(unpaid, (0, 0))
    for payment_id, amount in money:
        left = amount
        while left and rest:
            share = min(left, rest)
            yield payment_id, Allocation(charge_id, share)
            left, rest = left - share, rest - share
            if not rest:
                charge_id, rest = next(unpaid, (0, 0))


#: Charges that are owed: what was given away or taken back is none, and neither is what the customer is owed.
_DEBITS = """charges c
 where c.isp_id = :isp_id and c.reverses is null and not c.given and c.net + c.tax > 0
   and not exists (select from charges r where r.isp_id = c.isp_id and r.reverses = c.id)"""


def _open(whose: str) -> TextClause:
    """Two statements: one that may ask for some or for all is planned for all, and reads every debtor for one."""
    return text(f"""
with debtors as (
  select customer_id, -credit as owed from ledger_accounts
   where isp_id = :isp_id and credit < 0 and {whose}
), running as (
  select d.customer_id, c.id, c.description, c.effective_on, c.net + c.tax as total, d.owed,
         sum(c.net + c.tax) over (partition by d.customer_id order by c.effective_on desc, c.id desc) as newest
    from debtors d
    join lateral (select * from {_DEBITS} and c.customer_id = d.customer_id) c on true
)
select customer_id, id, description, effective_on, total, least(total, owed - (newest - total))::bigint
  from running where newest - total < owed order by customer_id, effective_on, id
""")  # noqa: S608  # our own text


_OPEN_OF_ALL, _OPEN_OF_SOME = _open("customer_id is not null"), _open("customer_id = any(:customers)")
_OWED = text(f"""
select c.customer_id, c.id, c.net + c.tax from {_DEBITS} and c.customer_id = any(:customers)
 order by c.effective_on, c.id
""")  # noqa: S608  # our own text
_MONEY = text("""
select customer_id, payment_id, amount from (
  select p.customer_id, p.id as payment_id, p.created_at as at,
         p.amount - coalesce((select sum(r.amount) from refunds r
                               where r.isp_id = p.isp_id and r.payment_id = p.id), 0)::bigint as amount
    from payments p
   where p.isp_id = :isp_id and p.customer_id = any(:customers) and p.state = 'confirmed'
  union all
  select c.customer_id, null, c.created_at, -(c.net + c.tax) from charges c
   where c.isp_id = :isp_id and c.customer_id = any(:customers) and c.reverses is null and not c.given
     and c.net + c.tax < 0
     and not exists (select from charges r where r.isp_id = c.isp_id and r.reverses = c.id)) money
 where amount > 0 order by customer_id, at, payment_id
""")
