"""FreeRADIUS' tables follow the business rows, and an operator's own rows are left alone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Customer, Isp, Radcheck, Radgroupreply, Radreply, Radusergroup, ServicePlan
from models.customers import lifecycle
from models.radius.provisioning import (
    deprovision_customer,
    deprovision_plan,
    provision_customer,
    provision_plan,
    set_password,
)
from models.secrets.keyring import Keyring
from models.secrets.password_hashes import ssha512_matches
from tests.models.conftest import NOON

TABLES: tuple[type[Radcheck] | type[Radreply] | type[Radusergroup], ...] = (Radcheck, Radreply, Radusergroup)


@pytest.fixture
def plan(session: Session, isp: Isp) -> ServicePlan:
    row = ServicePlan(
        isp_id=isp.id, name="Gold", bandwidth_limit=Decimal(10), upload_limit=Decimal("2.5"), session_timeout=60,
        idle_timeout=5, address_pool="pool1", validity_days=30,
    )  # fmt: skip
    session.add(row)
    session.flush()
    provision_plan(session, row)
    return row


@pytest.fixture
def customer(session: Session, keyring: Keyring, isp: Isp, plan: ServicePlan) -> Customer:
    return lifecycle.create_customer(
        session, keyring, isp, NOON, username="John", password="secret", service_plan_id=plan.id, static_ip="10.0.0.9"
    )


@pytest.fixture
def rows(session: Session, customer: Customer) -> Callable[[], list[tuple[object, ...]]]:
    """What stands in the customer's rad* rows, ids included."""

    def read() -> list[tuple[object, ...]]:
        session.flush()
        rad_rows: list[tuple[object, ...]] = []
        for table in TABLES:
            row: Any
            for row in session.scalars(select(table).where(table.isp_id == customer.isp_id).order_by(table.id)):
                session.refresh(row)
                rad_rows.append(
                    (table.__tablename__, row.id, row.username, row.is_active, row.origin,
                     getattr(row, "attribute", "group"), getattr(row, "value", None) or getattr(row, "groupname", None))
                )  # fmt: skip
        return rad_rows

    return read


def group_rows(session: Session, plan: ServicePlan) -> dict[str, tuple[str, bool]]:
    session.flush()
    rad_rows = session.scalars(select(Radgroupreply).where(Radgroupreply.groupname == f"plan_{plan.id}"))
    return {row.attribute: (row.value, row.is_active) for row in rad_rows}


def add_operators_rows(session: Session, customer: Customer) -> None:
    for table, changes in ((Radcheck, {"attribute": "Login-Time", "value": "Any"}),
                           (Radreply, {"attribute": "Filter-Id", "value": "vip"}),
                           (Radusergroup, {"groupname": "vips"})):  # fmt: skip
        session.add(table(isp_id=customer.isp_id, username="john", **changes))
    session.flush()


def test_a_new_customer_has_password_group_and_address(
    rows: Callable[[], list[tuple[Any, ...]]], plan: ServicePlan
) -> None:
    rad_rows = [(row[0], *row[2:]) for row in rows()]
    assert rad_rows[0][:5] == ("radcheck", "John", True, "provisioned", "Cleartext-Password")
    assert rad_rows[1:] == [
        ("radreply", "John", True, "provisioned", "Framed-IP-Address", "10.0.0.9"),
        ("radusergroup", "John", True, "provisioned", "group", f"plan_{plan.id}"),
    ]


def test_the_password_opens_in_its_row_and_is_nowhere_in_clear(
    session: Session, keyring: Keyring, customer: Customer
) -> None:
    stored = session.scalars(select(Radcheck.value).where(Radcheck.customer_id == customer.id)).one()
    assert keyring.decrypt(stored, customer.isp_id, "radcheck", customer.id) == "secret"
    assert "secret" not in stored


def test_doing_it_again_changes_no_row(
    session: Session, customer: Customer, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    before = rows()
    for _ in range(3):
        provision_customer(session, customer)
    assert rows() == before


def test_an_operators_rows_survive_whatever_happens_to_the_customer(
    session: Session, keyring: Keyring, isp: Isp, customer: Customer, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    add_operators_rows(session, customer)
    own = [row for row in rows() if row[4] == "operator"]
    assert len(own) == 3
    lifecycle.suspend_customer(session, customer)
    lifecycle.activate_customer(session, customer, NOON)
    lifecycle.update_customer(session, keyring, isp, customer, NOON, {"username": "Jack", "password": "other"})
    lifecycle.update_customer(session, keyring, isp, customer, NOON, {"static_ip": None, "service_plan_id": None})
    assert [row for row in rows() if row[4] == "operator"] == own


def test_a_suspended_customers_rows_are_inactive_and_active_again_afterwards(
    session: Session, customer: Customer, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    before = rows()
    lifecycle.suspend_customer(session, customer)
    assert [row[3] for row in rows()] == [False, False, False]
    lifecycle.activate_customer(session, customer, NOON)
    assert rows() == before


def test_a_password_set_while_suspended_waits_inactive(
    session: Session, keyring: Keyring, isp: Isp, customer: Customer, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    lifecycle.suspend_customer(session, customer)
    set_password(session, keyring, isp, customer, "other")
    assert [row[3] for row in rows() if row[0] == "radcheck"] == [False]


def test_a_rename_moves_the_provisioned_rows(
    session: Session, customer: Customer, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    customer.username = "Jack"
    session.flush()
    provision_customer(session, customer)
    assert {row[2] for row in rows()} == {"Jack"}


def test_another_plan_is_another_group_and_none_is_none(
    session: Session, isp: Isp, customer: Customer, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    other = ServicePlan(isp_id=isp.id, name="Silver", validity_days=30)
    session.add(other)
    session.flush()
    for plan_id, groups in ((other.id, [f"plan_{other.id}"]), (None, [])):
        customer.service_plan_id = plan_id
        session.flush()
        provision_customer(session, customer)
        assert [row[6] for row in rows() if row[0] == "radusergroup"] == groups


def test_an_address_comes_changes_and_goes(
    session: Session, customer: Customer, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    for address in ("10.0.0.10", None, "10.0.0.11"):
        customer.static_ip = address
        session.flush()
        provision_customer(session, customer)
        assert [row[6] for row in rows() if row[0] == "radreply"] == ([address] if address else [])


def test_deleting_removes_every_row_also_an_operators(
    session: Session, customer: Customer, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    add_operators_rows(session, customer)
    deprovision_customer(session, customer)
    assert rows() == []


def test_a_new_password_takes_the_place_of_every_other(
    session: Session, keyring: Keyring, isp: Isp, customer: Customer
) -> None:
    session.add(Radcheck(isp_id=isp.id, username="john", attribute="NT-Password", value="0" * 32))
    session.flush()
    set_password(session, keyring, isp, customer, "other")
    session.flush()
    stored = session.scalars(select(Radcheck).where(Radcheck.customer_id == customer.id)).all()
    assert [row.attribute for row in stored] == ["Cleartext-Password"]
    assert keyring.decrypt(stored[0].value, isp.id, "radcheck", customer.id) == "other"


@pytest.mark.parametrize(
    ("isps", "customers", "attribute"),
    [
        ("encrypted", None, "Cleartext-Password"),
        ("nt_password", None, "NT-Password"),
        ("ssha512", None, "Password-With-Header"),
        ("encrypted", "nt_password", "NT-Password"),
        ("ssha512", "encrypted", "Cleartext-Password"),
    ],
)
def test_the_password_is_kept_as_the_customer_or_else_the_isp_has_chosen(
    session: Session, keyring: Keyring, isp: Isp, customer: Customer, isps: str, customers: str | None, attribute: str
) -> None:
    isp.credential_storage, customer.credential_storage = isps, customers
    set_password(session, keyring, isp, customer, "secret")
    session.flush()
    row = session.scalars(select(Radcheck).where(Radcheck.customer_id == customer.id)).one()
    assert row.attribute == attribute
    assert "secret" not in row.value
    assert attribute != "Password-With-Header" or ssha512_matches(b"secret", row.value)


@pytest.mark.parametrize("password", ["", "x" * 129, "é" * 65, "a\0b", "\0"])
def test_a_password_that_routers_could_not_send_is_refused_and_the_old_one_stays(
    session: Session, keyring: Keyring, isp: Isp, customer: Customer, password: str
) -> None:
    with pytest.raises(ValueError, match="1 to 128 bytes"):
        set_password(session, keyring, isp, customer, password)
    stored = session.scalars(select(Radcheck.value).where(Radcheck.customer_id == customer.id)).one()
    assert keyring.decrypt(stored, isp.id, "radcheck", customer.id) == "secret"


@pytest.mark.parametrize("password", ["x", "x" * 128, "é" * 64, " ", "a\\", '"'])
def test_a_password_at_its_limits_is_kept_exactly(
    session: Session, keyring: Keyring, isp: Isp, customer: Customer, password: str
) -> None:
    set_password(session, keyring, isp, customer, password)
    session.flush()
    stored = session.scalars(select(Radcheck.value).where(Radcheck.customer_id == customer.id)).one()
    assert keyring.decrypt(stored, isp.id, "radcheck", customer.id) == password


def test_a_plans_group_says_what_does_not_change_from_login_to_login(session: Session, plan: ServicePlan) -> None:
    assert group_rows(session, plan) == {
        "Mikrotik-Rate-Limit": ("2500k/10M", True), "Session-Timeout": ("3600", True), "Idle-Timeout": ("300", True),
        "Framed-Pool": ("pool1", True),
    }  # fmt: skip


def test_a_plans_group_follows_it_and_an_operators_row_stays(session: Session, plan: ServicePlan) -> None:
    session.add(Radgroupreply(isp_id=plan.isp_id, groupname=f"plan_{plan.id}", attribute="Filter-Id", value="vip"))
    plan.session_timeout, plan.address_pool, plan.upload_limit, plan.is_active = 5, None, None, False
    session.flush()
    for _ in range(2):
        provision_plan(session, plan)
        assert group_rows(session, plan) == {
            "Mikrotik-Rate-Limit": ("10M/10M", False), "Session-Timeout": ("300", False),
            "Idle-Timeout": ("300", False), "Filter-Id": ("vip", True),
        }  # fmt: skip
    deprovision_plan(session, plan)
    assert group_rows(session, plan) == {"Filter-Id": ("vip", True)}


def test_two_tenants_customers_of_the_same_name_do_not_touch_each_other(
    session: Session, keyring: Keyring, customer: Customer, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    before = rows()
    other = Isp(name="Other")
    session.add(other)
    session.flush()
    twin = lifecycle.create_customer(session, keyring, other, NOON, username="John", password="other")
    lifecycle.suspend_customer(session, twin)
    deprovision_customer(session, twin)
    assert rows() == before
