"""Further periods and data on top, with what they cost. In the caller's transaction; commits nothing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from models.money import charges, periods
from models.money.charges import Line
from models.money.purchases import plan_change
from models.money.purchases.sale import USUAL, Pay, sell
from models.subscriptions import renewals
from models.tables.charges import Charge
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.subscriptions import Topup


def renew(
    session: Session,
    isp: Isp,
    customer: Customer,
    now: datetime,
    count: int,
    pay: Pay = USUAL,
    *,
    from_now: bool = False,
) -> list[Charge]:
    """Add periods and charge them; what waited for the end of the period takes effect."""
    plan_change.take_effect(session, customer, now)

    def add(terms: periods.Terms) -> list[Charge]:
        renewals.renew(session, isp, customer, now, count, from_now=from_now)
        billing = periods.billing_of(session, isp, now)
        return periods.settle(session, billing, [customer.id], terms, "renewed")

    return sell(session, isp, customer, now, pay, add)


def top_up(
    session: Session, isp: Isp, customer: Customer, now: datetime, data_bytes: int, price: int, pay: Pay = USUAL
) -> tuple[Topup, list[Charge]]:
    """Data on top of the plan's, at its price."""
    topup = renewals.top_up(session, customer, now, data_bytes)
    topup.price_minor = price
    session.flush()
    line = Line("topup", f"{(Decimal(data_bytes) / 10**9).normalize():f} GB on top", price, topup_id=topup.id)

    def add(terms: periods.Terms) -> list[Charge]:
        billing = periods.billing_of(session, isp, now)
        if terms.given is not None:
            return [charges.give(session, billing, customer.id, line, terms.given)]
        return [charges.charge(session, billing, customer.id, line)]

    return topup, sell(session, isp, customer, now, pay, add)
