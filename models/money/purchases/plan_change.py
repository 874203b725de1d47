"""A change of plan, or an end before the end: what was used is charged by whole local days, the rest is credited.

Today belongs to the new plan; a service that ends today has used today. In the caller's transaction; commits nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.money import charges, periods
from models.money.charges import Billing, Days, Line, local_day
from models.money.documents import invoices
from models.money.periods import NOT_BILLED, Terms
from models.money.purchases.sale import USUAL, Pay, sell
from models.network import requests
from models.radius import provisioning
from models.refusals import Invalid, Refused
from models.subscriptions.calendar import DEFAULT_VALIDITY_DAYS, boundaries
from models.subscriptions.plans import changed_attributes, given_to_sessions
from models.tables.charges import Charge
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.plans import ServicePlan
from models.tables.subscriptions import Subscription


class Charged(NamedTuple):
    """A charge in force and the period that it is for, with the days of the period that it is for."""

    charge: Charge
    begin: datetime
    end: datetime
    first_day: date
    days: Days


def change_now(
    session: Session, isp: Isp, customer: Customer, plan: ServicePlan, now: datetime, pay: Pay = USUAL
) -> list[Charge]:
    """From today on the customer has the plan; what is charged for today and later is charged at its price."""

    def change(_terms: Terms) -> list[Charge]:
        billing = periods.billing_of(session, isp, now)
        pieces = [_charged(session, isp, charge) for charge in charges.in_force(session, isp.id, customer.id, now)]
        written = [line for piece in pieces for line in _exchange(session, billing, customer, piece, plan)]
        _put_on(session, customer, plan)
        return written

    return sell(session, isp, customer, now, pay, change)


def change_at_period_end(session: Session, customer: Customer, plan: ServicePlan) -> None:
    """The next renewal is of this plan; the same plan takes back a change that waits."""
    before = snapshot(customer)
    customer.next_service_plan_id = None if plan.id == customer.service_plan_id else plan.id
    record(session, "update", customer, before)


def take_effect(session: Session, customer: Customer, now: datetime) -> None:
    """At a renewal: the plan that waits for the end of the period is the customer's."""
    if customer.next_service_plan_id is None:
        return
    if customer.expires_at > now:
        raise Refused(
            "plan_change_waits", "The plan changes when the period ends: renew then, or take the change back."
        )
    _put_on(session, customer, session.get_one(ServicePlan, (customer.isp_id, customer.next_service_plan_id)))


def cancel(session: Session, isp: Isp, customer: Customer, now: datetime, reason: str) -> list[Charge]:
    """The service ends now: what was paid for later is credited, and what was used is charged, today included."""
    if customer.expires_at <= now:
        raise Refused("expired", "The customer's subscription has expired already.")
    before = snapshot(customer)
    billing = periods.billing_of(session, isp, now)
    written = []
    for charge in charges.in_force(session, isp.id, customer.id, now):
        written += _end(session, billing, _charged(session, isp, charge), reason)
    _end_periods(session, customer, now)
    customer.expires_at, customer.auto_renew, customer.next_service_plan_id = now, False, None
    session.flush()
    periods.settle(session, billing, [customer.id], Terms(NOT_BILLED), reason)
    provisioning.provision_customer(session, customer)
    requests.disconnect(session, customer, "expired")
    record(session, "cancel", customer, before)
    invoices.after_charging(session, isp, [customer.id], now)
    return written


def _exchange(
    session: Session, billing: Billing, customer: Customer, piece: Charged, plan: ServicePlan
) -> list[Charge]:
    """The old charge back, its used part, and the rest at the new plan's price."""
    since, until, _ = piece.days
    today = min(max(since, (billing.today - piece.first_day).days), until)
    if today == until:  # only the rest of the last day is left, which was never counted
        return []
    old, midnight = piece.charge, _midnight(billing.isp, piece.first_day + timedelta(days=today))
    begin = piece.begin if today == since else max(piece.begin, midnight)
    written = [charges.reverse(session, billing.isp, old, f"changed to {plan.name}", billing.now)]
    if today > since:
        written.append(_used(session, billing, piece, today, begin))
    rest = Line(
        "period",
        plan.name,
        plan.price_minor,
        during=(begin, piece.end),
        days=Days(today, until, _whole_days(session, billing.isp, plan, _period(session, old))),
        subscription_id=old.subscription_id,
        service_plan_id=plan.id,
    )
    return [*written, charges.charge(session, billing, customer.id, rest)]


def _end(session: Session, billing: Billing, piece: Charged, reason: str) -> list[Charge]:
    """The old charge back, and its used part, where it has begun."""
    since, until, _ = piece.days
    written = [charges.reverse(session, billing.isp, piece.charge, reason, billing.now)]
    used = min((billing.today - piece.first_day).days + 1, until)
    if piece.begin < billing.now and used > since:
        written.append(_used(session, billing, piece, used, min(billing.now, piece.end)))
    return written


def _used(session: Session, billing: Billing, piece: Charged, day: int, end: datetime) -> Charge:
    """What was used, at the price and the tax that it had."""
    old = piece.charge
    line = Line(
        "period",
        old.description,
        old.unit_price,
        during=(piece.begin, end),
        days=piece.days._replace(until=day),
        subscription_id=old.subscription_id,
        service_plan_id=old.service_plan_id,
    )
    return charges.charge(session, billing._replace(tax=charges.tax_of(old)), old.customer_id, line)


def _charged(session: Session, isp: Isp, charge: Charge) -> Charged:
    begin, end = charges.bounds(charge)
    period = _period(session, charge)
    first = local_day(isp, period.period_start)
    days = charges.days_of(charge)
    if days is None:
        whole = max((local_day(isp, period.period_end) - first).days, 1)
        days = Days(0, whole, whole)
    return Charged(charge, begin, end, first, days)


def _period(session: Session, charge: Charge) -> Subscription:
    return session.get_one(Subscription, (charge.isp_id, charge.subscription_id))


def _whole_days(session: Session, isp: Isp, plan: ServicePlan, period: Subscription) -> int:
    """The local days of a whole period of the plan: of this one, where it was sold with the same validity."""
    start, end = period.period_start, period.period_end
    sold = None if period.service_plan_id is None else session.get(ServicePlan, (isp.id, period.service_plan_id))
    if sold is None or (sold.validity_days, sold.validity_months) != (plan.validity_days, plan.validity_months):
        validity = plan.validity_days or (None if plan.validity_months else DEFAULT_VALIDITY_DAYS)
        end = boundaries(start, start, 1, validity, plan.validity_months, ZoneInfo(isp.timezone))[0][1]
    return max((local_day(isp, end) - local_day(isp, start)).days, 1)


def _midnight(isp: Isp, day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(isp.timezone)).astimezone(UTC)


def _put_on(session: Session, customer: Customer, plan: ServicePlan) -> None:
    if not plan.is_active:
        raise Invalid("service_plan_id", "this plan is no longer offered")
    before = snapshot(customer)
    so_far = None if customer.service_plan_id is None else session.get(
        ServicePlan, (customer.isp_id, customer.service_plan_id))  # fmt: skip
    given = given_to_sessions(so_far)
    customer.service_plan_id, customer.next_service_plan_id = plan.id, None
    session.flush()
    provisioning.provision_customer(session, customer)
    attributes = changed_attributes(given, given_to_sessions(plan))
    if attributes:
        requests.change(session, customer, "plan_changed", attributes, given[requests.RATE][0])
    record(session, "update", customer, before)


def _end_periods(session: Session, customer: Customer, now: datetime) -> None:
    """Periods that have not begun go, the one that runs ends."""
    of_customer = (Subscription.isp_id == customer.isp_id, Subscription.customer_id == customer.id)
    session.execute(delete(Subscription).where(*of_customer, Subscription.period_start >= now))
    for period in session.scalars(select(Subscription).where(*of_customer, Subscription.period_end > now)):
        period.period_end = now
