"""Periods and data are taken back, and what they cost with them. In the caller's transaction; commits nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models.money import charges, periods
from models.money.documents import invoices
from models.money.periods import NOT_BILLED, Terms
from models.subscriptions import undo
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.subscriptions import Subscription, Topup

_REASON = "undone"


def undo_period(session: Session, isp: Isp, customer: Customer, period: Subscription, now: datetime) -> None:
    """The last period; its money is the customer's again, also where some of it was used."""
    start, period_id = period.period_start, period.id
    undo.undo_period(session, customer, period, now)
    for charge in charges.in_force(session, isp.id, customer.id, start):
        if charge.subscription_id == period_id:
            charges.reverse(session, isp, charge, _REASON, now)
    _settle(session, isp, customer, now)


def undo_topup(session: Session, isp: Isp, customer: Customer, topup: Topup, now: datetime) -> None:
    """Data of the running period, and its price."""
    undo.undo_topup(session, customer, topup, now)
    _settle(session, isp, customer, now)


def _settle(session: Session, isp: Isp, customer: Customer, now: datetime) -> None:
    periods.settle(session, periods.billing_of(session, isp, now), [customer.id], Terms(NOT_BILLED), _REASON)
    invoices.after_charging(session, isp, [customer.id], now)
