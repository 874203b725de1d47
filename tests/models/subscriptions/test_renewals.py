"""Further periods and data on top: where they begin, where they end, what they cost, what the network is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditLog, Customer, Isp, Outbox, ServicePlan, Subscription, Topup
from models.customers import lifecycle
from models.refusals import Invalid, Refused
from models.secrets.keyring import Keyring
from models.subscriptions import renewals
from tests.models.conftest import NOON

Sell = Callable[..., Customer]
DAY = timedelta(days=1)


@pytest.fixture
def sell(session: Session, keyring: Keyring, isp: Isp) -> Sell:
    """sell(plan columns, **customer's): a customer of a new plan."""

    def create(plan: dict[str, Any], **fields: Any) -> Customer:
        service = ServicePlan(isp_id=isp.id, name="Gold", **({"validity_days": 10} | plan))
        session.add(service)
        session.flush()
        return lifecycle.create_customer(
            session, keyring, isp, NOON, username="ann", password="p", service_plan_id=service.id, **fields
        )

    return create


def periods(session: Session, customer: Customer) -> list[tuple[datetime, datetime]]:
    rows = select(Subscription).where(Subscription.customer_id == customer.id).order_by(Subscription.period_start)
    return [(row.period_start, row.period_end) for row in session.scalars(rows)]


def reasons(session: Session, customer: Customer) -> list[str]:
    return list(session.scalars(select(Outbox.reason).where(Outbox.customer_id == customer.id).order_by(Outbox.id)))


def test_a_renewal_begins_where_the_last_period_ends(session: Session, isp: Isp, sell: Sell) -> None:
    customer = sell({"validity_days": 10})
    renewals.renew(session, isp, customer, NOON + DAY, 2)
    ends = [NOON + 10 * DAY * number for number in (1, 2, 3)]
    assert periods(session, customer) == [(NOON, ends[0]), (ends[0], ends[1]), (ends[1], ends[2])]
    assert customer.expires_at == ends[2]


@pytest.mark.parametrize("passed", [timedelta(0), timedelta(seconds=1), 100 * DAY])
def test_what_has_run_out_is_renewed_from_now(session: Session, isp: Isp, sell: Sell, passed: timedelta) -> None:
    customer = sell({"validity_days": 10})
    now = NOON + 10 * DAY + passed
    renewals.renew(session, isp, customer, now, 1)
    assert periods(session, customer)[1:] == [(now, now + 10 * DAY)]


def test_a_period_keeps_the_price_it_was_sold_at(session: Session, isp: Isp, sell: Sell) -> None:
    customer = sell({"price_minor": 1250})
    plan = session.get_one(ServicePlan, (isp.id, customer.service_plan_id))
    plan.price_minor = 9900
    renewals.renew(session, isp, customer, NOON, 1)
    sold = select(Subscription.price_minor).where(Subscription.customer_id == customer.id)
    assert list(session.scalars(sold.order_by(Subscription.period_start))) == [1250, 9900]


@pytest.mark.parametrize(
    ("first", "counts", "days"),
    [
        ("2031-01-31", (1, 1, 2), ["02-28", "03-31", "05-31"]),
        ("2032-01-30", (1, 1), ["02-29", "03-30"]),
        ("2031-02-28", (1, 1), ["03-28", "04-28"]),
        ("2031-10-31", (4,), ["02-29"]),
    ],
)
def test_months_come_back_to_their_day(
    session: Session, isp: Isp, sell: Sell, first: str, counts: tuple[int, ...], days: list[str]
) -> None:
    customer = sell({"validity_days": None, "validity_months": 1}, expires_at=datetime.fromisoformat(first + "T12:00Z"))
    ends = []
    for count in counts:
        renewals.renew(session, isp, customer, NOON, count)
        ends.append(customer.expires_at.strftime("%m-%d"))
    assert ends == days


def test_a_renewal_makes_an_expired_customer_active_and_lifts_no_suspension(
    session: Session, isp: Isp, sell: Sell
) -> None:
    customer = sell({}, status="expired")
    renewals.renew(session, isp, customer, NOON, 1)
    assert customer.status == "active"
    customer.status = "suspended"
    renewals.renew(session, isp, customer, NOON, 1)
    assert customer.status == "suspended"


def test_a_renewal_is_audited_and_the_network_is_told(session: Session, isp: Isp, sell: Sell) -> None:
    customer = sell({})
    renewals.renew(session, isp, customer, NOON, 1)
    audited = session.scalars(select(AuditLog).where(AuditLog.action == "renew")).one()
    assert audited.before == {"expires_at": (NOON + 10 * DAY).isoformat()}
    assert audited.after == {"expires_at": (NOON + 20 * DAY).isoformat()}
    assert reasons(session, customer) == ["renewed"]


@pytest.mark.parametrize(("last_day", "fits"), [("2999-12-30", True), ("2999-12-31", False)])
def test_no_period_ends_beyond_the_last_year(session: Session, isp: Isp, sell: Sell, last_day: str, fits: bool) -> None:
    customer = sell({"validity_days": 1}, expires_at=datetime.fromisoformat(last_day).replace(tzinfo=UTC))
    if fits:
        renewals.renew(session, isp, customer, NOON, 1)
        return
    with pytest.raises(Invalid) as refusal:
        renewals.renew(session, isp, customer, NOON, 1)
    assert refusal.value.field == "periods"


def test_data_on_top_belongs_to_the_running_period(session: Session, isp: Isp, sell: Sell) -> None:
    customer = sell({"validity_days": 10})
    renewals.renew(session, isp, customer, NOON, 1)
    starts = []
    for moment in (NOON, NOON + 10 * DAY - timedelta(microseconds=1), NOON + 10 * DAY):
        starts.append(renewals.top_up(session, customer, moment, 5).period_start)
    assert starts == [NOON, NOON, NOON + 10 * DAY]
    assert session.scalars(select(Topup.data_bytes)).all() == [5, 5, 5]
    assert reasons(session, customer) == ["renewed", "topup", "topup", "topup"]


def test_there_is_nothing_to_add_data_to_when_the_time_is_over(session: Session, sell: Sell) -> None:
    customer = sell({"validity_days": 10})
    renewals.top_up(session, customer, customer.expires_at - timedelta(microseconds=1), 5)
    with pytest.raises(Refused) as refusal:
        renewals.top_up(session, customer, customer.expires_at, 5)
    assert refusal.value.code == "expired"


def test_a_customer_without_periods_has_one_from_creation_to_expiry(session: Session, isp: Isp) -> None:
    customer = Customer(isp_id=isp.id, username="by hand", expires_at=NOON + DAY)
    session.add(customer)
    session.flush()
    session.refresh(customer)
    assert renewals.current_period(session, customer, NOON) == (customer.created_at, NOON + DAY)
