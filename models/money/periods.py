"""Periods and their charges are kept alike: whatever adds, moves or removes periods calls `settle` in its transaction.

A period that begins without a charge gets one, a charge whose period is gone is taken back, and one whose period ends
elsewhere is written anew. So nobody who sells or undoes periods has to know what they cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from models.money import charges, ledger
from models.money.billing_settings import read, tax_of
from models.money.charges import Billing, Line, local_day
from models.money.documents import invoices
from models.tables.charges import Charge
from models.tables.isps import BillingSettings, Isp
from models.tables.plans import ServicePlan
from models.tables.subscriptions import Subscription

#: Why a period costs nothing where the tenant does not bill.
NOT_BILLED = "no billing settings yet"
_FREE = "the first period is free"


class Terms(NamedTuple):
    """Who pays: `given` with its reason, or else the customer, on account."""

    given: str | None = None


ON_ACCOUNT = Terms()


def usual_terms(settings: BillingSettings | None, *, first: bool = False) -> Terms:
    """What holds where nothing was said: given until the tenant bills, then on account."""
    if settings is None:
        return Terms(NOT_BILLED)
    return Terms(_FREE) if first and settings.first_period == "free" else ON_ACCOUNT


def billing_of(session: Session, isp: Isp, now: datetime) -> Billing:
    """The tenant's books, at the tenant's tax."""
    return Billing(isp, tax_of(read(session, isp.id)), now)


def settle(session: Session, billing: Billing, customers: Iterable[int], terms: Terms, reason: str) -> list[Charge]:
    """Make the customers' charges those of their periods and top-ups; returns what was newly charged.

    `reason` is written on what is taken back.
    """
    session.flush()
    ids = sorted(set(customers))
    out_of_step = _out_of_step(session, billing.isp.id, ids)
    for charge, _ in out_of_step:
        charges.reverse(session, billing.isp, charge, reason, billing.now)
    for charge, during in out_of_step:
        if during is not None:
            _charge_again(session, billing, charge, during, reason)
    lines = [(period.customer_id, line_of(period, plan)) for period, plan in _uncharged(session, billing.isp.id, ids)]
    if terms.given is not None:
        return [charges.give(session, billing, customer_id, line, terms.given) for customer_id, line in lines]
    return charges.charge_all(session, billing, lines)


def begin_first(session: Session, isp: Isp, now: datetime, customers: Sequence[int]) -> None:
    """The first periods of new customers, one or thousands; given ones in one statement for all of them."""
    settings = read(session, isp.id)
    terms = usual_terms(settings, first=True)
    if terms.given is None:
        settle(session, billing_of(session, isp, now), customers, terms, "")
        invoices.after_charging(session, isp, customers, now)
        return
    session.flush()
    wanted = {"isp_id": isp.id, "customers": list(customers), "reason": terms.given, "on_day": local_day(isp, now)}
    session.execute(_GIVE_FIRST, wanted | {"actor": ledger.acting(session)})


def line_of(period: Subscription, plan: ServicePlan | None) -> Line:
    """A whole period of a plan."""
    return Line(
        "period",
        plan.name if plan else "Period without a plan",
        period.price_minor,
        during=(period.period_start, period.period_end),
        subscription_id=period.id,
        service_plan_id=period.service_plan_id,
    )


def _charge_again(
    session: Session, billing: Billing, charge: Charge, during: tuple[datetime, datetime], reason: str
) -> None:
    """The price of a period that is moved stays: only what it is for is written anew, at the tax it had."""
    line = Line(
        "period",
        charge.description,
        charge.unit_price,
        charge.quantity,
        during=during,
        days=charges.days_of(charge),
        subscription_id=charge.subscription_id,
        service_plan_id=charge.service_plan_id,
        reason=reason,
    )
    charges.charge(session, billing._replace(tax=charges.tax_of(charge)), charge.customer_id, line)


def _uncharged(session: Session, isp_id: int, customers: list[int]) -> list[tuple[Subscription, ServicePlan | None]]:
    """Periods that this transaction has written and nobody has charged, the earliest first."""
    charged = select(Charge.id).where(Charge.isp_id == isp_id, Charge.subscription_id == Subscription.id).exists()
    of_plan = (ServicePlan.isp_id == Subscription.isp_id) & (ServicePlan.id == Subscription.service_plan_id)
    query = (
        select(Subscription, ServicePlan)
        .outerjoin(ServicePlan, of_plan)
        .where(
            Subscription.isp_id == isp_id,
            Subscription.customer_id.in_(customers),
            Subscription.created_at >= func.now(),
            ~charged,
        )
        .order_by(Subscription.period_start)
    )
    return [(period, plan) for period, plan in session.execute(query)]


def _out_of_step(
    session: Session, isp_id: int, customers: list[int]
) -> list[tuple[Charge, tuple[datetime, datetime] | None]]:
    """Charges in force that are not those of their period or top-up, the ones without any first.

    None: the period or top-up is gone, or ends before what the charge is for begins. Otherwise the dates it should be
    for: of a period's charges the last ends with it; one that does not lie within its period has been moved with it.
    """
    rows = session.execute(_OUT_OF_STEP, {"isp_id": isp_id, "customers": customers})
    during = {row.charge_id: None if row.begins is None else (row.begins, row.ends) for row in rows}
    if not during:
        return []
    wanted = select(Charge).where(Charge.isp_id == isp_id, Charge.id.in_(during)).order_by(Charge.id)
    known = list(session.scalars(wanted))
    return [(charge, during[charge.id]) for charge in sorted(known, key=lambda row: during[row.id] is not None)]


#: Without tax: nothing is sold.
_GIVE_FIRST = text("""
with given as (
  insert into charges (isp_id, customer_id, kind, during, description, quantity, unit_price, net, tax, tax_category,
                       tax_rate, subscription_id, service_plan_id, given, reason, effective_on, actor)
  select s.isp_id, s.customer_id, 'period', tstzrange(s.period_start, s.period_end),
         coalesce(p.name, 'Period without a plan'), 1, s.price_minor, s.price_minor, 0, 'O', 0, s.id, s.service_plan_id,
         true, :reason, :on_day, :actor
    from subscriptions s left join service_plans p on p.isp_id = s.isp_id and p.id = s.service_plan_id
   where s.isp_id = :isp_id and s.customer_id = any(:customers)
  returning *
)
insert into charges (isp_id, customer_id, kind, during, description, quantity, unit_price, net, tax, tax_category,
                     tax_rate, subscription_id, service_plan_id, given, reason, effective_on, actor, reverses)
select isp_id, customer_id, kind, during, description, -1, unit_price, -net, 0, tax_category, tax_rate, subscription_id,
       service_plan_id, true, reason, effective_on, actor, id
  from given
""")
_OUT_OF_STEP = text("""
with in_force as (
  select p.isp_id, p.charge_id, p.during, c.subscription_id
    from charged_periods p join charges c on c.isp_id = p.isp_id and c.id = p.charge_id
   where p.isp_id = :isp_id and p.customer_id = any(:customers)
), standing as (
  select f.charge_id, s.id as subscription_id, s.period_start, s.period_end, f.during,
         lower(f.during) < s.period_start or lower(f.during) >= s.period_end as moved
    from in_force f join subscriptions s on s.isp_id = f.isp_id and s.id = f.subscription_id
   where s.period_end > lower(f.during) or s.period_start > now()
), latest as (
  select *, row_number() over (partition by subscription_id order by upper(during) desc) as last from standing
)
select charge_id, null::timestamptz as begins, null::timestamptz as ends
  from in_force where charge_id not in (select charge_id from standing)
union all
select c.id, null, null from charges c
 where c.isp_id = :isp_id and c.customer_id = any(:customers)
   and c.topup_id is not null and c.reverses is null and not c.given
   and not exists (select from topups t where t.isp_id = c.isp_id and t.id = c.topup_id)
   and not exists (select from charges r where r.isp_id = c.isp_id and r.reverses = c.id)
union all
select charge_id, case when moved then period_start else lower(during) end, period_end
  from latest where last = 1 and (upper(during) <> period_end or moved)
""")
