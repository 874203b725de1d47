"""Renewals by themselves: prepaid while there is credit for them, postpaid on account. In the caller's transaction.

Whoever runs this for everybody runs `models.money.purchases.renewal_rounds`; twice, at once or late is no harm.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from models.money.amounts import total_in_sql
from models.money.purchases.renewal import renew
from models.money.purchases.sale import Pay
from models.refusals import Invalid, Refused
from models.tables.charges import Charge
from models.tables.customers import Customer
from models.tables.isps import BillingSettings, Isp
from models.tables.ledger import LedgerAccount
from models.tables.plans import ServicePlan

#: A prepaid period begins where the last one ended, if that is no longer ago than this; otherwise now. Who comes back
#: after a week without credit does not pay for that week.
PREPAID_GAP = timedelta(hours=1)
#: A postpaid customer who was forgotten for longer gets no periods for the past.
_MOST_PERIODS = 120


class Due(NamedTuple):
    """A customer whose period has ended and begins anew by itself."""

    isp_id: int
    customer_id: int
    expires_at: datetime


class Renewed(NamedTuple):
    """What was charged; `refusal`: why there was no more."""

    charges: list[Charge]
    refusal: str | None = None


def due(session: Session, now: datetime, limit: int = 1000, behind: Due | None = None) -> list[Due]:
    """Those who are due and can pay, the longest expired first; `behind`: only those who come after that one."""
    account, next_plan = LedgerAccount, func.coalesce(Customer.next_service_plan_id, Customer.service_plan_id)
    order = (Customer.expires_at, Customer.isp_id, Customer.id)
    query = (
        select(Customer.isp_id, Customer.id, Customer.expires_at)
        .join(Isp, Isp.id == Customer.isp_id)
        .join(BillingSettings, BillingSettings.isp_id == Customer.isp_id)
        .join(ServicePlan, (ServicePlan.isp_id == Customer.isp_id) & (ServicePlan.id == next_plan))
        .outerjoin(account, (account.isp_id == Customer.isp_id) & (account.customer_id == Customer.id))
        .where(
            Customer.auto_renew,
            Customer.expires_at <= now,
            Customer.status != "suspended",
            Isp.status == "active",
            _can_pay(func.coalesce(account.credit, 0)),
        )
        .order_by(*order)
        .limit(limit)
    )
    if behind is not None:
        place = (behind.expires_at, behind.isp_id, behind.customer_id)
        query = query.where(tuple_(*order) > tuple_(*(literal(value) for value in place)))
    return [Due(*row) for row in session.execute(query)]


def renew_one(session: Session, isp_id: int, customer_id: int, now: datetime, *, wait: bool = True) -> Renewed:
    """Renew the customer if that is still due and can be paid; otherwise nothing. Locks the customer's row.

    Without `wait` a customer whom somebody else is changing at this moment is left alone.
    """
    customer = session.scalar(
        select(Customer)
        .where(Customer.isp_id == isp_id, Customer.id == customer_id)
        .with_for_update(skip_locked=not wait)
    )
    isp = session.get(Isp, isp_id)
    if customer is None or isp is None or not _is_due(customer, now):
        return Renewed([])
    if customer.billing == "postpaid":
        return _catch_up(session, isp, customer, now)
    begin = customer.expires_at if now - customer.expires_at <= PREPAID_GAP else now
    return _try(session, isp, customer, begin, Pay("credit"))


def _catch_up(session: Session, isp: Isp, customer: Customer, now: datetime) -> Renewed:
    """One period after the other, without a gap, until one reaches beyond now."""
    charged: list[Charge] = []
    while customer.expires_at <= now and len(charged) < _MOST_PERIODS:
        period = _try(session, isp, customer, customer.expires_at, Pay("on_account"))
        charged += period.charges
        if not period.charges:
            return Renewed(charged, period.refusal)
    return Renewed(charged)


def _try(session: Session, isp: Isp, customer: Customer, begin: datetime, pay: Pay) -> Renewed:
    """What cannot be paid, or sold, leaves no trace."""
    try:
        with session.begin_nested():
            return Renewed(renew(session, isp, customer, begin, 1, pay))
    except (Refused, Invalid) as refused:
        return Renewed([], refused.message)


def _is_due(customer: Customer, now: datetime) -> bool:
    return (
        customer.auto_renew
        and customer.expires_at <= now
        and customer.status != "suspended"
        and (customer.next_service_plan_id or customer.service_plan_id) is not None
    )


def _can_pay(credit: ColumnElement[int]) -> ColumnElement[bool]:
    """In SQL what `renew` asks of one customer: whoever cannot pay is not even looked at, however many they are."""
    total = total_in_sql(ServicePlan.price_minor, BillingSettings.tax_rate, BillingSettings.tax_inclusive)
    limit = case((Customer.billing == "postpaid", Customer.credit_limit_minor), else_=0)
    return or_(total == 0, limit.is_(None), credit - total >= -limit)
