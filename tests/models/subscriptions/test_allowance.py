"""What customers have used of what they have: at, below and above the limit, by period, for many in one statement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from models import Customer, Isp, ServicePlan, Usage
from models.customers import lifecycle
from models.secrets.keyring import Keyring
from models.subscriptions import renewals
from models.subscriptions.allowance import Allowance, allowances
from tests.models.conftest import NOON

DAY = timedelta(days=1)
GB = 10**9
Sell = Callable[..., Customer]


@pytest.fixture
def sell(session: Session, keyring: Keyring, isp: Isp) -> Sell:
    """sell(data_limit_bytes, **customer's): a customer of a new plan of ten days."""

    def create(limit: int | None, **fields: Any) -> Customer:
        plan = ServicePlan(isp_id=isp.id, name="Gold", validity_days=10, data_limit_bytes=limit)
        session.add(plan)
        session.flush()
        names = {"username": f"user{plan.id}"} | fields
        return lifecycle.create_customer(session, keyring, isp, NOON, password="p", service_plan_id=plan.id, **names)

    return create


def use(session: Session, customer: Customer, start: datetime, bytes_in: int, bytes_out: int = 0) -> None:
    session.add(Usage(isp_id=customer.isp_id, customer_id=customer.id, period_start=start,
                      bytes_in=bytes_in, bytes_out=bytes_out))  # fmt: skip
    session.flush()


def of(session: Session, customer: Customer, now: datetime = NOON) -> Allowance:
    return allowances(session, customer.isp_id, [customer.id], now)[customer.id]


def test_a_new_customer_has_used_nothing(session: Session, sell: Sell) -> None:
    allowance = of(session, sell(5 * GB))
    assert (allowance.used, allowance.limit, allowance.remaining) == (0, 5 * GB, 5 * GB)
    assert (allowance.period_start, allowance.period_end) == (NOON, NOON + 10 * DAY)


@pytest.mark.parametrize(("used", "left"), [(0, 5 * GB), (5 * GB - 1, 1), (5 * GB, 0), (5 * GB + 1, 0), (2**63 - 1, 0)])
def test_what_is_left_ends_at_nothing(session: Session, sell: Sell, used: int, left: int) -> None:
    customer = sell(5 * GB)
    use(session, customer, NOON, used // 2, used - used // 2)
    assert (of(session, customer).used, of(session, customer).remaining) == (used, left)


@pytest.mark.parametrize(("limit", "left"), [(None, None), (0, 0), (1, 1)])
def test_no_cap_is_no_number_and_nothing_is_nought(
    session: Session, sell: Sell, limit: int | None, left: int | None
) -> None:
    assert of(session, sell(limit)).remaining == left


def test_a_customer_without_a_plan_has_no_cap(session: Session, keyring: Keyring, isp: Isp) -> None:
    customer = lifecycle.create_customer(session, keyring, isp, NOON, username="ann", password="p")
    use(session, customer, NOON, 7)
    assert (of(session, customer).used, of(session, customer).limit) == (7, None)


def test_top_ups_add_to_the_plan_of_their_period_alone(session: Session, isp: Isp, sell: Sell) -> None:
    customer = sell(5 * GB)
    renewals.renew(session, isp, customer, NOON, 1)
    for octets in (1, 2):
        renewals.top_up(session, customer, NOON, octets)
    assert of(session, customer).limit == 5 * GB + 3
    assert of(session, customer, NOON + 10 * DAY).limit == 5 * GB


def test_a_top_up_of_a_plan_without_cap_makes_none(session: Session, sell: Sell) -> None:
    customer = sell(None)
    renewals.top_up(session, customer, NOON, GB)
    assert of(session, customer).limit is None


def test_usage_counts_from_nought_in_each_period(session: Session, isp: Isp, sell: Sell) -> None:
    customer = sell(5 * GB)
    renewals.renew(session, isp, customer, NOON, 1)
    use(session, customer, NOON, 3 * GB)
    border = NOON + 10 * DAY
    assert of(session, customer, border - timedelta(microseconds=1)).used == 3 * GB
    assert of(session, customer, border).used == 0


def test_the_last_period_is_shown_when_it_is_over(session: Session, sell: Sell) -> None:
    customer = sell(5 * GB)
    use(session, customer, NOON, GB)
    over = of(session, customer, NOON + 100 * DAY)
    assert (over.period_end, over.used) == (NOON + 10 * DAY, GB)


def test_many_customers_are_one_statement(session: Session, sell: Sell) -> None:
    customers = [sell(GB, username=f"user {number}") for number in range(20)]
    session.flush()
    statements: list[str] = []

    def count(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", count)
    try:
        by_id = allowances(session, customers[0].isp_id, [customer.id for customer in customers], NOON)
    finally:
        event.remove(connection, "before_cursor_execute", count)
    assert set(by_id) == {customer.id for customer in customers}
    assert len(statements) == 1


def test_another_tenants_customer_is_not_among_them(session: Session, sell: Sell) -> None:
    customer = sell(GB)
    assert allowances(session, customer.isp_id + 1, [customer.id], NOON) == {}
