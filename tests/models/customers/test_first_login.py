"""A clock that begins with the first login: nothing runs before it, and whatever is repeated it begins once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import AuditLog, Charge, Customer, Isp, ServicePlan, Subscription
from models.accounting.records import AuthResult
from models.customers import lifecycle
from models.customers.first_login import begin_first_periods
from models.refusals import Refused
from models.secrets.keyring import Keyring
from models.subscriptions import renewals
from models.subscriptions.allowance import allowances
from models.subscriptions.status import shown_expiry, shown_status
from tests.models.conftest import NOON

DAY = timedelta(days=1)
Waiting = Callable[..., Customer]


@pytest.fixture
def waiting(session: Session, keyring: Keyring, isp: Isp) -> Waiting:
    """waiting(**plan's): a customer whose period begins with the first login."""

    def create(name: str = "ann", /, **plan: Any) -> Customer:
        columns = {"validity_days": 10, "clock": "from_first_login", "data_limit_bytes": 10**9} | plan
        service = ServicePlan(isp_id=isp.id, name=f"of {name}", **columns)
        session.add(service)
        session.flush()
        return lifecycle.create_customer(
            session, keyring, isp, NOON, username=name, password="p", service_plan_id=service.id
        )

    return create


def accepted(customer: Customer, moment: datetime, reply: str = "Access-Accept") -> AuthResult:
    return AuthResult(customer.isp_id, moment.timestamp(), b"ann", reply, "accept", customer_id=customer.id)


def begin(session: Session, *results: AuthResult) -> int:
    begun = begin_first_periods(session.connection(), results)
    session.expire_all()
    return begun


def periods(session: Session, customer: Customer) -> list[tuple[datetime, datetime]]:
    rows = select(Subscription).where(Subscription.customer_id == customer.id).order_by(Subscription.period_start)
    return [(row.period_start, row.period_end) for row in session.scalars(rows)]


def test_nothing_runs_before_the_first_login(session: Session, isp: Isp, waiting: Waiting) -> None:
    ann = waiting()
    much_later = NOON + 1000 * DAY
    assert ann.not_started and shown_expiry(ann) is None
    assert shown_status(ann.status, ann.expires_at, much_later) == "active"
    assert periods(session, ann) == []
    allowance = allowances(session, isp.id, [ann.id], much_later)[ann.id]
    assert (allowance.period_end, allowance.remaining) == (None, 10**9)


def test_the_first_login_begins_the_period_and_no_later_one_does(session: Session, waiting: Waiting) -> None:
    ann, moment = waiting(), NOON + 50 * DAY
    assert begin(session, accepted(ann, moment + DAY), accepted(ann, moment), accepted(ann, moment + 2 * DAY)) == 1
    assert not ann.not_started and ann.expires_at == moment + 10 * DAY
    assert periods(session, ann) == [(moment, moment + 10 * DAY)]
    assert begin(session, accepted(ann, moment), accepted(ann, moment + 3 * DAY)) == 0
    assert periods(session, ann) == [(moment, moment + 10 * DAY)]
    actions = select(AuditLog.action, AuditLog.actor).where(
        AuditLog.resource == "customers", AuditLog.resource_id == ann.id, AuditLog.action == "begin"
    )
    assert session.execute(actions).all() == [("begin", "first login")]


def test_a_refused_login_begins_nothing(session: Session, waiting: Waiting) -> None:
    ann = waiting()
    assert begin(session, accepted(ann, NOON, "Access-Reject")) == 0
    assert ann.not_started


def test_many_begin_in_one_batch_each_at_their_own_moment(session: Session, waiting: Waiting) -> None:
    people = [waiting(f"customer{number}") for number in range(3)]
    results = [accepted(person, NOON + number * DAY) for number, person in enumerate(people)]
    assert begin(session, *reversed(results)) == 3
    assert [person.expires_at for person in people] == [NOON + (10 + number) * DAY for number in range(3)]


def test_the_end_is_that_of_the_tenants_calendar(session: Session, isp: Isp, waiting: Waiting) -> None:
    isp.timezone = "Europe/Berlin"
    ann = waiting(validity_days=None, validity_months=1)
    begin(session, accepted(ann, datetime(2026, 3, 1, 12, tzinfo=UTC)))
    assert ann.expires_at == datetime(2026, 4, 1, 11, tzinfo=UTC), "the same time on the wall, in summer time"


def test_the_period_is_charged_when_it_begins(session: Session, waiting: Waiting) -> None:
    ann = waiting(price_minor=500)
    charges = select(Charge.net, Charge.during).where(Charge.customer_id == ann.id, Charge.reverses.is_(None))
    assert session.execute(charges).all() == []
    begin(session, accepted(ann, NOON + DAY))
    [(net, during)] = session.execute(charges).all()
    assert (net, during.lower, during.upper) == (500, NOON + DAY, NOON + 11 * DAY)


def test_what_was_booked_before_the_login_that_it_followed_is_used_of_the_period(
    session: Session, isp: Isp, waiting: Waiting
) -> None:
    ann = waiting()
    booked_before = (
        "insert into usage (isp_id, customer_id, period_start, bytes_in, bytes_out) "
        "select isp_id, id, created_at, 3, 4 from customers where id = :id"
    )
    session.execute(text(booked_before), {"id": ann.id})
    begin(session, accepted(ann, NOON))
    assert allowances(session, isp.id, [ann.id], NOON + DAY)[ann.id].used == 7


def test_renewals_and_top_ups_have_no_period_to_follow(session: Session, isp: Isp, waiting: Waiting) -> None:
    ann = waiting()
    with pytest.raises(Refused, match="begins with the first login"):
        renewals.renew(session, isp, ann, NOON, 1)
    with pytest.raises(Refused, match="none to add data to"):
        renewals.top_up(session, ann, NOON, 10**9)
    renewals.renew(session, isp, ann, NOON, 2, from_now=True)
    session.refresh(ann)
    assert not ann.not_started and ann.expires_at == NOON + 20 * DAY
    assert begin(session, accepted(ann, NOON + DAY)) == 0


@pytest.mark.parametrize("by_hand", ["by the API", "by SQL"])
def test_whoever_sets_an_end_starts_the_customer(
    session: Session, keyring: Keyring, isp: Isp, waiting: Waiting, by_hand: str
) -> None:
    ann = waiting()
    if by_hand == "by SQL":
        session.execute(text("update customers set expires_at = :end where id = :id"), {"end": NOON, "id": ann.id})
    else:
        lifecycle.update_customer(session, keyring, isp, ann, NOON, {"expires_at": NOON})
    session.expire_all()
    assert not ann.not_started and shown_status(ann.status, ann.expires_at, NOON) == "expired"
    assert begin(session, accepted(ann, NOON + DAY)) == 0


def test_an_end_that_is_given_lets_the_clock_run_from_creation(
    session: Session, keyring: Keyring, isp: Isp, waiting: Waiting
) -> None:
    plan = waiting().service_plan_id
    bob = lifecycle.create_customer(
        session, keyring, isp, NOON, username="bob", password="p", service_plan_id=plan, expires_at=NOON + DAY
    )
    assert not bob.not_started and periods(session, bob) == [(NOON, NOON + DAY)]
