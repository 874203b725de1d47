"""A customer signs up, changes, is suspended, comes back, leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditLog, Customer, Isp, Outbox, Radcheck, Radreply, Radusergroup, ServicePlan, Subscription, Usage
from models.audit_trail import Actor, act_as
from models.customers import lifecycle
from models.refusals import Invalid, Refused
from models.secrets.keyring import Keyring
from tests.models.conftest import NOON

Create = Callable[..., Customer]
DAY = timedelta(days=1)


@pytest.fixture
def plan(session: Session, isp: Isp) -> ServicePlan:
    row = ServicePlan(isp_id=isp.id, name="Gold", validity_days=10)
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def create(session: Session, keyring: Keyring, isp: Isp, plan: ServicePlan) -> Create:
    def new(**fields: Any) -> Customer:
        given = {"username": "ann", "password": "secret", "service_plan_id": plan.id} | fields
        return lifecycle.create_customer(session, keyring, isp, NOON, **given)

    return new


@pytest.fixture
def change(session: Session, keyring: Keyring, isp: Isp) -> Callable[..., None]:
    def update(customer: Customer, **changes: Any) -> None:
        lifecycle.update_customer(session, keyring, isp, customer, NOON, changes)

    return update


def requested(session: Session, customer: Customer) -> list[tuple[str, str]]:
    session.flush()
    rows = session.scalars(select(Outbox).where(Outbox.customer_id == customer.id).order_by(Outbox.id))
    return [(row.kind, row.reason) for row in rows]


def audited(session: Session, customer: Customer) -> list[AuditLog]:
    session.flush()
    rows = select(AuditLog).where(AuditLog.resource == "customers", AuditLog.resource_id == customer.id)
    return list(session.scalars(rows.order_by(AuditLog.id)))


def periods(session: Session, customer: Customer) -> list[tuple[datetime, datetime]]:
    rows = select(Subscription).where(Subscription.customer_id == customer.id).order_by(Subscription.period_start)
    return [(row.period_start, row.period_end) for row in session.scalars(rows)]


def test_a_new_customer_has_one_period_of_the_plan(session: Session, create: Create) -> None:
    customer = create()
    assert customer.expires_at == NOON + 10 * DAY
    assert periods(session, customer) == [(NOON, NOON + 10 * DAY)]
    assert (customer.status, customer.username) == ("active", "ann")


@pytest.mark.parametrize(("validity", "days"), [({"validity_days": 1}, 1), ({"validity_days": 3650}, 3650)])
def test_the_first_period_is_as_long_as_the_plan_says(
    session: Session, create: Create, plan: ServicePlan, validity: dict[str, int], days: int
) -> None:
    plan.validity_days = validity["validity_days"]
    session.flush()
    assert create().expires_at == NOON + days * DAY


def test_without_a_plan_the_first_period_is_the_usual_one(create: Create) -> None:
    assert create(service_plan_id=None).expires_at == NOON + 30 * DAY


@pytest.mark.parametrize(("shift", "count"), [(-1, 0), (0, 0), (1, 1)])
def test_who_is_created_expired_has_no_period(session: Session, create: Create, shift: int, count: int) -> None:
    customer = create(expires_at=NOON + timedelta(seconds=shift))
    assert len(periods(session, customer)) == count


def test_the_user_name_is_the_e_mail_where_none_is_given(create: Create) -> None:
    assert create(username=None, email="ann@example.com").username == "ann@example.com"
    with pytest.raises(Invalid) as refusal:
        create(username=None, email=None)
    assert refusal.value.field == "username"


@pytest.mark.parametrize("password", ["", "x" * 129, "é" * 65, "a\0b"])
def test_a_password_that_no_router_could_send_creates_nobody(
    session: Session, create: Create, isp: Isp, password: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        create(password=password)
    assert refusal.value.field == "password"
    assert session.scalars(select(Customer.id).where(Customer.isp_id == isp.id)).all() == []


def test_a_plan_must_be_the_tenants_own_and_still_offered(session: Session, create: Create, plan: ServicePlan) -> None:
    other = Isp(name="Other")
    session.add(other)
    session.flush()
    foreign = ServicePlan(isp_id=other.id, name="Foreign", validity_days=1)
    session.add(foreign)
    session.flush()
    for plan_id in (foreign.id, foreign.id + 10**6):
        with pytest.raises(Invalid, match="no such plan"):
            create(service_plan_id=plan_id)
    plan.is_active = False
    with pytest.raises(Invalid, match="no longer offered"):
        create()


def test_creating_is_audited_once_by_whoever_acts(session: Session, create: Create) -> None:
    act_as(session, Actor("admin", "192.0.2.1", "request-1"))
    customer = create(phone="1")
    [row] = audited(session, customer)
    assert (row.action, row.actor, str(row.address), row.request_id) == (
        "create", "admin", "192.0.2.1", "request-1",
    )  # fmt: skip
    assert row.after is not None and row.after["phone"] == "1"
    assert "secret" not in str(row.after)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"status": "suspended"}, ("disconnect", "suspended")),
        ({"status": "expired"}, ("disconnect", "expired")),
        ({"expires_at": NOON}, ("disconnect", "expired")),
        ({"expires_at": NOON + DAY}, ("coa", "renewed")),
        ({"status": "suspended", "expires_at": NOON}, ("disconnect", "suspended")),
        ({"service_plan_id": None}, ("coa", "plan_changed")),
        ({"password": "other"}, ("disconnect", "password_changed")),
    ],
)
def test_the_network_is_asked_for_the_one_thing_that_a_change_means(
    session: Session, create: Create, change: Callable[..., None], changes: dict[str, Any], wanted: tuple[str, str]
) -> None:
    customer = create()
    change(customer, **changes)
    assert requested(session, customer) == [wanted]


@pytest.mark.parametrize("changes", [{"phone": "2"}, {"full_name": "Ann"}, {"username": "bob"}])
def test_what_no_session_follows_asks_for_nothing(
    session: Session, create: Create, change: Callable[..., None], changes: dict[str, Any]
) -> None:
    customer = create()
    change(customer, **changes)
    assert requested(session, customer) == []


def test_a_change_is_audited_with_what_differs_and_no_password(
    session: Session, create: Create, change: Callable[..., None]
) -> None:
    customer = create(phone="1", email="a@example.com")
    change(customer, phone="2", email="a@example.com", password="other")
    assert audited(session, customer)[-1].before == {"phone": "1", "password": None}
    assert audited(session, customer)[-1].after == {"phone": "2", "password": "***"}


def test_an_expiry_set_by_hand_is_the_end_of_the_last_period(
    session: Session, create: Create, change: Callable[..., None]
) -> None:
    customer = create()
    change(customer, expires_at=NOON + 3 * DAY)
    assert periods(session, customer) == [(NOON, NOON + 3 * DAY)]


def test_a_suspension_ends_sessions_and_switches_the_rows_off(session: Session, create: Create) -> None:
    customer = create()
    lifecycle.suspend_customer(session, customer)
    assert requested(session, customer) == [("disconnect", "suspended")]
    rows = select(Radcheck.is_active).where(Radcheck.customer_id == customer.id)
    assert session.scalars(rows).all() == [False]
    lifecycle.activate_customer(session, customer, NOON)
    session.expire_all()
    assert session.scalars(rows).all() == [True]
    assert [row.action for row in audited(session, customer)] == ["create", "suspend", "activate"]


@pytest.mark.parametrize(("status", "shift"), [("suspended", 0), ("suspended", -1), ("expired", 86_400)])
def test_activating_extends_nothing(session: Session, create: Create, status: str, shift: int) -> None:
    customer = create(status=status, expires_at=NOON + timedelta(seconds=shift))
    with pytest.raises(Refused) as refusal:
        lifecycle.activate_customer(session, customer, NOON)
    assert refusal.value.code == "expired"
    assert customer.status == status


def test_who_leaves_takes_rows_and_periods_along_and_leaves_the_usage(session: Session, create: Create) -> None:
    customer = create(static_ip="10.0.0.9")
    customer_id, isp_id = customer.id, customer.isp_id
    session.add(Usage(isp_id=isp_id, customer_id=customer_id, period_start=NOON, bytes_in=1, bytes_out=2))
    session.flush()
    lifecycle.delete_customer(session, customer)
    session.expire_all()
    for table in (Radcheck, Radreply, Radusergroup, Subscription):
        assert session.scalars(select(table).where(table.customer_id == customer_id)).all() == []
    assert session.scalars(select(Usage.bytes_out).where(Usage.customer_id == customer_id)).all() == [2]
    assert session.scalars(select(Outbox.reason).where(Outbox.isp_id == isp_id)).all() == ["deleted"]


def test_times_of_any_offset_are_the_same_moment(create: Create) -> None:
    customer = create(expires_at=datetime.fromisoformat("2026-04-01T03:00:00+03:00"))
    assert customer.expires_at == datetime(2026, 4, 1, tzinfo=UTC)
