"""What a change asks of the network: one row in the transaction of the change, for those whom it concerns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Customer, Isp, Outbox, Radacct, ServicePlan
from models.network import requests
from tests.models.conftest import NOON


@pytest.fixture
def plan(session: Session, isp: Isp) -> ServicePlan:
    row = ServicePlan(isp_id=isp.id, name="Gold", validity_days=30)
    session.add(row)
    session.flush()
    return row


def customer_of(session: Session, plan: ServicePlan, username: str, *, open_sessions: int = 0) -> Customer:
    customer = Customer(isp_id=plan.isp_id, username=username, service_plan_id=plan.id, expires_at=NOON)
    session.add(customer)
    session.flush()
    for number in range(open_sessions):
        start_session(session, customer, f"{username}-{number}")
    return customer


def start_session(session: Session, customer: Customer, name: str, **columns: Any) -> None:
    now = datetime.now(UTC)
    session.add(Radacct(isp_id=customer.isp_id, customer_id=customer.id, acctuniqueid=name, acctsessionid=name,
                        username=customer.username, acctstarttime=now, acctupdatetime=now,
                        session_month=now.date().replace(day=1), **columns))  # fmt: skip
    session.flush()


def rows(session: Session, isp_id: int) -> list[Outbox]:
    session.flush()
    return list(session.scalars(select(Outbox).where(Outbox.isp_id == isp_id).order_by(Outbox.id)))


def test_a_disconnect_names_customer_and_reason(session: Session, plan: ServicePlan) -> None:
    customer = customer_of(session, plan, "ann")
    requests.disconnect(session, customer, "suspended")
    [row] = rows(session, plan.isp_id)
    assert (row.customer_id, row.kind, row.reason) == (customer.id, "disconnect", "suspended")
    assert row.payload == {"username": "ann"}


def test_a_change_is_a_coa(session: Session, plan: ServicePlan) -> None:
    customer = customer_of(session, plan, "ann")
    requests.change(session, customer, "plan_changed")
    [row] = rows(session, plan.isp_id)
    assert (row.kind, row.reason, row.customer_id) == ("coa", "plan_changed", customer.id)


def test_a_changed_plan_concerns_its_customers_who_are_online_once_each(session: Session, plan: ServicePlan) -> None:
    twice = customer_of(session, plan, "two sessions", open_sessions=2)
    ended = customer_of(session, plan, "ended")
    start_session(session, ended, "over", acctstoptime=datetime.now(UTC))
    customer_of(session, plan, "offline")
    other_plan = ServicePlan(isp_id=plan.isp_id, name="Silver", validity_days=30)
    session.add(other_plan)
    session.flush()
    customer_of(session, other_plan, "other plan", open_sessions=1)
    requests.change_all_on(session, plan)
    assert [(row.customer_id, row.kind, row.reason) for row in rows(session, plan.isp_id)] == [
        (twice.id, "coa", "plan_changed")
    ]


def test_a_tenant_is_disconnected_as_a_whole(session: Session, plan: ServicePlan) -> None:
    customer_of(session, plan, "ann", open_sessions=1)
    requests.disconnect_tenant(session, plan.isp_id)
    [row] = rows(session, plan.isp_id)
    assert (row.customer_id, row.kind, row.reason) == (None, "disconnect", "isp_suspended")


def test_what_is_undone_asks_for_nothing(session: Session, plan: ServicePlan) -> None:
    customer = customer_of(session, plan, "ann")
    with session.begin_nested() as change:
        requests.disconnect(session, customer, "suspended")
        session.flush()
        change.rollback()
    assert rows(session, plan.isp_id) == []
