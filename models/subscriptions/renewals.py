"""A customer pays: further periods, and data on top. In the caller's transaction; commits nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, literal, select
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.network import requests
from models.radius import provisioning
from models.refusals import Invalid, Refused
from models.subscriptions.calendar import DEFAULT_VALIDITY_DAYS, LATEST_YEAR, add_months, boundaries, months_between
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.plans import ServicePlan
from models.tables.subscriptions import Subscription, Topup, running_start

_RUN_LENGTH = 400


def renew(
    session: Session, isp: Isp, customer: Customer, now: datetime, periods: int, *, from_now: bool = False
) -> None:
    """Add paid periods from expires_at, or from now when that has passed; an expired customer is active again.

    `from_now`: the running period ends at once; periods that are paid ahead follow behind the new ones.
    """
    if customer.not_started and not from_now:
        raise Refused(
            "not_started", "The first period begins with the first login: renew when it has begun, or from now."
        )
    before = snapshot(customer)
    plan = None if customer.service_plan_id is None else session.get(ServicePlan, (isp.id, customer.service_plan_id))
    ahead = _end_running(session, customer, now) if from_now else []
    start = now if from_now else max(customer.expires_at, now)
    sold = _periods(session, isp, customer, plan, start, periods + len(ahead))
    _move(session, ahead, sold[periods:])
    session.add_all(
        Subscription(
            isp_id=isp.id,
            customer_id=customer.id,
            service_plan_id=customer.service_plan_id,
            price_minor=plan.price_minor if plan else 0,
            period_start=begin,
            period_end=end,
        )
        for begin, end in sold[:periods]
    )
    # Before the customer: the database moves the end of the last period with expires_at, which is to be this one.
    session.flush()
    customer.expires_at = sold[-1][1]
    if customer.status == "expired":
        customer.status = "active"
    provisioning.provision_customer(session, customer)
    requests.change(session, customer, "renewed")
    record(session, "renew", customer, before)


def top_up(session: Session, customer: Customer, now: datetime, data_bytes: int) -> Topup:
    """Data on top of the plan's allowance, until the current period ends."""
    if customer.not_started:
        raise Refused("not_started", "The first period begins with the first login, so there is none to add data to.")
    if customer.expires_at <= now:
        raise Refused(
            "expired", "The customer's subscription has expired, so there is no period to add data to: renew it first."
        )
    start = current_period(session, customer, now)[0]
    topup = Topup(isp_id=customer.isp_id, customer_id=customer.id, period_start=start, data_bytes=data_bytes)
    session.add(topup)
    requests.change(session, customer, "topup")
    record(session, "create", topup)
    return topup


def current_period(session: Session, customer: Customer, now: datetime) -> tuple[datetime, datetime]:
    """(start, end) of the newest period that has begun; without one, from the customer's creation to their expiry."""
    isp_id, customer_id = literal(customer.isp_id), literal(customer.id)
    running = running_start(isp_id, customer_id, literal(now, DateTime(timezone=True)))
    row = session.execute(
        select(Subscription.period_start, Subscription.period_end).where(
            Subscription.isp_id == isp_id, Subscription.customer_id == customer_id, Subscription.period_start == running
        )
    ).one_or_none()
    return (row.period_start, row.period_end) if row else (customer.created_at, customer.expires_at)


def _end_running(session: Session, customer: Customer, now: datetime) -> list[Subscription]:
    """End the period that runs; returns those that are paid ahead, in order."""
    rows = session.scalars(
        select(Subscription)
        .where(
            Subscription.isp_id == customer.isp_id,
            Subscription.customer_id == customer.id,
            Subscription.period_end > now,
        )
        .order_by(Subscription.period_start)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        if row.period_start < now:
            row.paid_until, row.period_end = row.paid_until or row.period_end, now
    return [row for row in rows if row.period_start >= now]


def _move(session: Session, rows: list[Subscription], places: list[tuple[datetime, datetime]]) -> None:
    """Periods to other dates, in two steps: no two may begin at the same moment, not even on their way."""
    for way in (timedelta(days=365_000), timedelta(0)):
        for row, (begin, end) in zip(rows, places, strict=True):
            row.period_start, row.period_end = begin + way, end + way
        session.flush()


def _periods(
    session: Session, isp: Isp, customer: Customer, plan: ServicePlan | None, start: datetime, count: int
) -> list[tuple[datetime, datetime]]:
    zone = ZoneInfo(isp.timezone)
    days = plan.validity_days if plan else DEFAULT_VALIDITY_DAYS
    months = plan.validity_months if plan else None
    anchor = _anchor(session, customer, start, zone) if months else start
    try:
        sold = boundaries(anchor, start, count, days, months, zone)
    except (OverflowError, ValueError):
        sold = []
    if not sold or sold[-1][1].year > LATEST_YEAR:
        raise Invalid("periods", f"the last period must end before the year {LATEST_YEAR + 1}")
    return sold


def _anchor(session: Session, customer: Customer, start: datetime, zone: ZoneInfo) -> datetime:
    """The earliest start in the unbroken run of periods up to `start` from which the calendar leads to `start`.

    An expiry moved by hand, or periods of days, begin a new calendar.
    """
    runs = session.execute(
        select(Subscription.period_start, Subscription.period_end)
        .where(Subscription.isp_id == customer.isp_id, Subscription.customer_id == customer.id)
        .order_by(Subscription.period_start.desc())
        .limit(_RUN_LENGTH)
    )
    anchor = joint = start
    for row in runs:
        if row.period_end != joint:
            break
        joint = row.period_start
        if add_months(joint, months_between(joint, start, zone), zone) == start:
            anchor = joint
    return anchor
