"""What a change asks of the network: one row in the transaction of the change, for those whom it concerns."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import Customer, Isp, MikrotikDevice, Outbox, Radacct, ServicePlan
from models.network import requests
from models.network.requests import fan_out
from tests.models.conftest import NOON
from tests.support.reports_made import our_class


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


def test_a_session_whose_login_was_before_an_event_hears_of_it_though_its_start_came_after(
    session: Session, plan: ServicePlan, isp: Isp
) -> None:
    device = MikrotikDevice(isp_id=isp.id, name="roof", ip_address="10.66.0.1", radius_secret="none")
    customer = customer_of(session, plan, "ann")
    session.add(device)
    requests.change(session, customer, "plan_changed")
    session.flush()
    now = time.time()
    for name, login, begins in (("before", now - 60, 5), ("after", now + 60, 65)):
        klass = our_class(login, 1, customer.id).hex()
        start_session(session, customer, name, device_id=device.id, class_=klass)
        session.execute(text("update radacct set acctstarttime = to_timestamp(:at) where acctuniqueid = :name"),
                        {"at": now + begins, "name": name})  # fmt: skip
    fan_out.fan_out(session.connection())
    asked = session.scalars(select(Outbox.acctuniqueid).where(Outbox.acctuniqueid.is_not(None)))
    assert list(asked) == ["before"]
