"""Renewals and top-ups are taken back. In the caller's transaction; commits nothing.

What has been used of a period stays used: such a period ends and stays in the list, where an untouched one goes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.network import requests
from models.refusals import Refused
from models.subscriptions.renewals import current_period
from models.tables.customers import Customer
from models.tables.subscriptions import Subscription, Topup
from models.tables.usage import Usage


def undo_period(session: Session, customer: Customer, period: Subscription, now: datetime) -> None:
    """Take the last period back: the customer expires where the one before it ends."""
    later = (Subscription.period_start > period.period_start) & Subscription.undone_at.is_(None)
    of_customer = (Subscription.isp_id == customer.isp_id, Subscription.customer_id == customer.id)
    if session.scalar(select(exists().where(*of_customer, later))):
        raise Refused("not_last", "Later periods begin where this one ends: undo those first.")
    if period.undone_at is not None:
        raise Refused("undone", "This period has been undone already.")
    before, expiry = snapshot(period), snapshot(customer)
    earlier = session.scalars(
        select(Subscription)
        .where(*of_customer, Subscription.period_start < period.period_start)
        .order_by(Subscription.period_start.desc())
        .limit(1)
    ).first()
    end = period.period_start if earlier is None else earlier.paid_until or earlier.period_end
    if _is_used(session, period):
        period.undone_at = now
    else:
        session.execute(delete(Topup).where(*_topups_of(period)))
        session.delete(period)
        if earlier is not None:
            earlier.paid_until = None
    session.flush()
    customer.expires_at = end
    session.flush()
    if customer.expires_at <= now:
        requests.disconnect(session, customer, "expired")
    else:
        requests.change(session, customer, "renewed")
    record(session, "undo", period, before, snapshot(period) if period.undone_at else dict.fromkeys(before))
    record(session, "update", customer, expiry)


def undo_topup(session: Session, customer: Customer, topup: Topup, now: datetime) -> None:
    """Take data back that was bought for the period that runs."""
    if customer.expires_at <= now or topup.period_start != current_period(session, customer, now)[0]:
        raise Refused("period_over", "The period that this data was bought for is over.")
    record(session, "undo", topup, snapshot(topup), dict.fromkeys(snapshot(topup)))
    session.delete(topup)
    session.flush()
    requests.change(session, customer, "topup")


def _is_used(session: Session, period: Subscription) -> bool:
    used = Usage.bytes_in + Usage.bytes_out + Usage.seconds > 0
    of_period = (Usage.isp_id == period.isp_id, Usage.customer_id == period.customer_id,
                 Usage.period_start == period.period_start)  # fmt: skip
    return bool(session.scalar(select(exists().where(*of_period, used))))


def _topups_of(period: Subscription) -> tuple[ColumnElement[bool], ...]:
    return (Topup.isp_id == period.isp_id, Topup.customer_id == period.customer_id,
            Topup.period_start == period.period_start)  # fmt: skip
