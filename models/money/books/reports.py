"""What owners and accountants look at: revenue, tax, who owes how long, what came in, who expires soon."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models.money.receivables import open_charges
from models.tables.customers import Customer


class Revenue(NamedTuple):
    """Charged less taken back, in a month that begins on `month`."""

    month: date
    kind: str
    net: int
    tax: int


class TaxDue(NamedTuple):
    """Of one rate in a month; `base` is the net that it is on."""

    month: date
    category: str
    rate: str
    base: int
    tax: int


class Collected(NamedTuple):
    """Money in by a method on a day, less what went back."""

    date: date
    method: str
    received: int
    returned: int


class Aging(NamedTuple):
    """What a customer owes, by days since it was charged."""

    customer_id: int
    username: str | None
    days_0_30: int
    days_31_60: int
    days_61_90: int
    older: int


class Expiring(NamedTuple):
    """A customer whose period ends soon, and whether there is money for the next."""

    customer_id: int
    username: str
    expires_at: datetime
    plan: str | None
    price: int
    credit: int
    auto_renew: bool


def revenue(session: Session, isp_id: int, since: date, until: date) -> list[Revenue]:
    """By month and kind, of the days `since` to `until`, both included."""
    return [Revenue(*row) for row in session.execute(_REVENUE, {"isp_id": isp_id, "since": since, "until": until})]


def tax(session: Session, isp_id: int, since: date, until: date) -> list[TaxDue]:
    """By month and rate."""
    return [TaxDue(*row) for row in session.execute(_TAX, {"isp_id": isp_id, "since": since, "until": until})]


def collections(session: Session, isp_id: int, since: date, until: date) -> list[Collected]:
    """By day and method, from the ledger."""
    wanted = {"isp_id": isp_id, "since": since, "until": until}
    return [Collected(*row) for row in session.execute(_COLLECTIONS, wanted)]


def aging(session: Session, isp_id: int, today: date) -> list[Aging]:
    """Everybody who owes, whoever owes most first."""
    owed: dict[int, list[int]] = {}
    for charge in open_charges(session, isp_id):
        age = (today - charge.effective_on).days
        place = sum(age > limit for limit in (30, 60, 90))
        owed.setdefault(charge.customer_id, [0, 0, 0, 0])[place] += charge.open
    names: dict[int, str] = dict(session.execute(_NAMES.where(Customer.isp_id == isp_id, Customer.id.in_(owed))).all())
    rows = [Aging(customer_id, names.get(customer_id), *amounts) for customer_id, amounts in owed.items()]
    return sorted(rows, key=lambda row: (-sum(row[2:]), row.customer_id))


def expiring(session: Session, isp_id: int, now: datetime, until: datetime) -> list[Expiring]:
    """Those whose period ends between the two moments, the soonest first."""
    return [Expiring(*row) for row in session.execute(_EXPIRING, {"isp_id": isp_id, "now": now, "until": until})]


_NAMES = select(Customer.id, Customer.username)
_CHARGED = "from charges where isp_id = :isp_id and not given and effective_on between :since and :until"
_REVENUE = text(f"""
select date_trunc('month', effective_on)::date, kind, sum(net)::bigint, sum(tax)::bigint {_CHARGED}
 group by 1, 2 order by 1, 2
""")  # our own text
_TAX = text(f"""
select date_trunc('month', effective_on)::date, tax_category, tax_rate::text, sum(net)::bigint, sum(tax)::bigint
  {_CHARGED} group by 1, 2, tax_rate order by 1, 2, tax_rate
""")  # our own text
_COLLECTIONS = text("""
select t.effective_on, p.method,
       coalesce(sum(t.amount) filter (where f.kind in ('clearing', 'drawer')), 0)::bigint,
       coalesce(sum(t.amount) filter (where g.kind in ('clearing', 'drawer')), 0)::bigint
  from transfers t
  join ledger_accounts f on f.isp_id = t.isp_id and f.id = t.from_account
  join ledger_accounts g on g.isp_id = t.isp_id and g.id = t.to_account
  left join refunds r on t.cause = 'refund' and r.isp_id = t.isp_id and r.id = t.cause_id
  join payments p on p.isp_id = t.isp_id and p.id = case when t.cause = 'payment' then t.cause_id else r.payment_id end
 where t.isp_id = :isp_id and t.effective_on between :since and :until
   and (f.kind in ('clearing', 'drawer')) <> (g.kind in ('clearing', 'drawer'))
 group by 1, 2 order by 1, 2
""")
_EXPIRING = text("""
select c.id, c.username, c.expires_at, p.name, coalesce(p.price_minor, 0), coalesce(a.credit, 0), c.auto_renew
  from customers c
  left join service_plans p on p.isp_id = c.isp_id and p.id = coalesce(c.next_service_plan_id, c.service_plan_id)
  left join ledger_accounts a on a.isp_id = c.isp_id and a.code = 'customer:' || c.id
 where c.isp_id = :isp_id and c.expires_at >= :now and c.expires_at < :until and c.status <> 'expired'
 order by c.expires_at, c.id
""")
