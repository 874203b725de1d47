"""Renewals by themselves: prepaid while there is credit for them, postpaid on account. In the caller's transaction.

Whoever runs this calls `due` and, a transaction each, `renew_one`; twice, at once or late is no harm.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models.money.purchases.renewal import renew
from models.money.purchases.sale import Pay
from models.refusals import Refused
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


def due(session: Session, now: datetime, limit: int = 1000) -> list[tuple[int, int]]:
    """(tenant, customer) of those whose period has ended and begins anew by itself, the longest expired first."""
    account, next_plan = LedgerAccount, func.coalesce(Customer.next_service_plan_id, Customer.service_plan_id)
    query = (
        select(Customer.isp_id, Customer.id)
        .join(Isp, Isp.id == Customer.isp_id)
        .join(BillingSettings, BillingSettings.isp_id == Customer.isp_id)
        .join(ServicePlan, (ServicePlan.isp_id == Customer.isp_id) & (ServicePlan.id == next_plan))
        .outerjoin(account, (account.isp_id == Customer.isp_id) & (account.customer_id == Customer.id))
        .where(
            Customer.auto_renew,
            Customer.expires_at <= now,
            Customer.status != "suspended",
            Isp.status == "active",
            or_(Customer.billing == "postpaid", func.coalesce(account.credit, 0) >= ServicePlan.price_minor),
        )
        .order_by(Customer.expires_at)
        .limit(limit)
    )
    return [(isp_id, customer_id) for isp_id, customer_id in session.execute(query)]


def renew_one(session: Session, isp_id: int, customer_id: int, now: datetime) -> list[Charge]:
    """Renew the customer if that is still due and can be paid; otherwise nothing. Locks the customer's row."""
    customer = session.scalar(
        select(Customer).where(Customer.isp_id == isp_id, Customer.id == customer_id).with_for_update()
    )
    isp = session.get(Isp, isp_id)
    if customer is None or isp is None or not _is_due(customer, now):
        return []
    if customer.billing == "postpaid":
        return _catch_up(session, isp, customer, now)
    begin = customer.expires_at if now - customer.expires_at <= PREPAID_GAP else now
    return _try(session, isp, customer, begin, Pay("credit"))


def _catch_up(session: Session, isp: Isp, customer: Customer, now: datetime) -> list[Charge]:
    """One period after the other, without a gap, until one reaches beyond now."""
    charged: list[Charge] = []
    while customer.expires_at <= now and len(charged) < _MOST_PERIODS:
        period = _try(session, isp, customer, customer.expires_at, Pay("on_account"))
        if not period:
            break
        charged += period
    return charged


def _try(session: Session, isp: Isp, customer: Customer, begin: datetime, pay: Pay) -> list[Charge]:
    """What cannot be paid leaves no trace."""
    try:
        with session.begin_nested():
            return renew(session, isp, customer, begin, 1, pay)
    except Refused:
        return []


def _is_due(customer: Customer, now: datetime) -> bool:
    return (
        customer.auto_renew
        and customer.expires_at <= now
        and customer.status != "suspended"
        and customer.service_plan_id is not None
    )
