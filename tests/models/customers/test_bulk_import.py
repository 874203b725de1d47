"""Many customers at once: as if created one by one, all or none, in statements that do not grow with the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text
from sqlalchemy.orm import Session

from models import AuditLog, Customer, Isp, Radcheck, Radreply, Radusergroup, ServicePlan, Subscription
from models.audit_trail import snapshot
from models.customers import lifecycle
from models.customers.bulk_import import BATCH, MOST_ERRORS, Import, Row
from models.secrets.keyring import Keyring
from tests.models.conftest import NOON

Run = Callable[[], Import]
DAY = timedelta(days=1)


@pytest.fixture
def plan(session: Session, isp: Isp) -> ServicePlan:
    row = ServicePlan(isp_id=isp.id, name="Gold", validity_months=1, price_minor=500)
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def run(session: Session, keyring: Keyring, isp: Isp) -> Run:
    """A new import of the tenant."""
    session.execute(text("select set_config('infora.isp_id', :id, true)"), {"id": str(isp.id)})
    return lambda: Import(session, keyring, isp, NOON)


def row(number: int, username: str, password: str = "p", **columns: Any) -> Row:  # noqa: S107  # of a test
    return Row(number, {"username": username} | columns, password)


def errors(of: Import) -> list[tuple[int, str]]:
    return [(error.row, error.column) for error in of.errors]


def rad_rows(session: Session, keyring: Keyring, customer: Customer) -> list[tuple[Any, ...]]:
    """Every row of the customer in FreeRADIUS' tables and its periods, without what names the customer."""
    session.expire_all()
    rows: list[tuple[Any, ...]] = []
    for table in (Radcheck, Radreply, Radusergroup):
        for each in session.scalars(select(table).where(table.customer_id == customer.id)):
            value = getattr(each, "value", None) or getattr(each, "groupname", None) or ""
            if table is Radcheck:
                value = keyring.decrypt(value, customer.isp_id, "radcheck", customer.id)
            rows.append((table.__tablename__, getattr(each, "attribute", ""), getattr(each, "op", ""), value,
                          each.is_active, each.origin, each.username == customer.username))  # fmt: skip
    for period in session.scalars(select(Subscription).where(Subscription.customer_id == customer.id)):
        rows.append((period.service_plan_id, period.price_minor, period.period_start, period.period_end))
    return rows


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"status": "suspended", "phone": "+254 700"},
        {"expires_at": NOON - DAY},
        {"expires_at": NOON + DAY, "mac_address": "AA:BB:CC:DD:EE:FF"},
        {"service_plan_id": None},
    ],
)
def test_a_row_becomes_what_a_single_creation_makes_of_it(
    session: Session, keyring: Keyring, isp: Isp, run: Run, plan: ServicePlan, columns: dict[str, Any]
) -> None:
    columns = {"service_plan_id": plan.id} | columns
    single = lifecycle.create_customer(
        session, keyring, isp, NOON, username="single", password="p", static_ip="10.0.0.9", **columns
    )
    expected = rad_rows(session, keyring, single)
    single.static_ip = None
    session.flush()
    run().add([row(2, "imported", static_ip="10.0.0.9", **columns)])
    imported = session.scalars(select(Customer).where(Customer.username == "imported")).one()
    assert rad_rows(session, keyring, imported) == expected
    differs = ("id", "username", "static_ip")
    assert {k: v for k, v in snapshot(imported).items() if k not in differs} == {
        k: v for k, v in snapshot(single).items() if k not in differs
    }


def test_every_row_keeps_its_own_password(session: Session, keyring: Keyring, run: Run) -> None:
    run().add([row(number, f"user{number}", f"password{number}") for number in range(2, 30)])
    for customer in session.scalars(select(Customer).where(Customer.username.startswith("user"))):
        stored = session.scalars(select(Radcheck.value).where(Radcheck.customer_id == customer.id)).one()
        password = keyring.decrypt(stored, customer.isp_id, "radcheck", customer.id)
        assert password == customer.username.replace("user", "password")


@pytest.mark.parametrize("twin", ["ann", "ANN", "Ann"])
def test_a_name_is_taken_whatever_its_case(session: Session, keyring: Keyring, isp: Isp, run: Run, twin: str) -> None:
    lifecycle.create_customer(session, keyring, isp, NOON, username="Ann", password="p")
    work = run()
    work.add([row(2, "bob"), row(3, twin)])
    assert errors(work) == [(3, "username")]


@pytest.mark.parametrize("twin", ["AA-BB-CC-DD-EE-FF", "aabb.ccdd.eeff", "aabbccddeeff"])
def test_a_device_comes_once_in_a_file(run: Run, twin: str) -> None:
    work = run()
    work.add([row(2, "AA:BB:CC:DD:EE:FF"), row(3, twin)])
    assert errors(work) == [(3, "username")]


def test_an_address_comes_once_in_a_file_and_once_in_the_tenant(
    session: Session, keyring: Keyring, isp: Isp, run: Run
) -> None:
    lifecycle.create_customer(session, keyring, isp, NOON, username="ann", password="p", static_ip="10.0.0.9")
    work = run()
    work.add([row(2, "a", static_ip="10.0.0.8"), row(3, "b", static_ip="10.0.0.8"), row(4, "c", static_ip="10.0.0.9")])
    assert errors(work) == [(3, "static_ip"), (4, "static_ip")]


def test_a_plan_must_be_offered(session: Session, run: Run, plan: ServicePlan) -> None:
    plan.is_active = False
    session.flush()
    work = run()
    work.add([row(2, "a", service_plan_id=plan.id), row(3, "b", service_plan_id=plan.id + 10**6), row(4, "c")])
    assert errors(work) == [(2, "service_plan_id"), (3, "service_plan_id")]


def test_after_an_error_the_rest_is_checked_and_not_written(session: Session, isp: Isp, run: Run) -> None:
    work = run()
    work.add([row(2, "twice"), row(3, "twice"), *(row(4 + number, f"user{number}") for number in range(BATCH))])
    assert errors(work) == [(3, "username")]
    assert work.count == BATCH + 2
    assert session.scalars(select(Customer.id).where(Customer.isp_id == isp.id)).all() == []


def test_a_file_of_errors_is_not_read_to_its_end(run: Run) -> None:
    work = run()
    work.add(row(number, "twice") for number in range(10 * MOST_ERRORS))
    assert MOST_ERRORS <= len(work.errors) < MOST_ERRORS + BATCH
    assert work.count <= MOST_ERRORS + BATCH


def test_an_import_is_one_audit_row(session: Session, run: Run) -> None:
    work = run()
    work.add(row(number, f"user{number}") for number in range(2, 7))
    work.finish()
    session.flush()
    rows = session.scalars(select(AuditLog).where(AuditLog.resource == "customers")).all()
    assert [(each.action, each.after) for each in rows] == [("import", {"customers": 5})]


@pytest.mark.parametrize("count", [2, 20, BATCH])
def test_a_batch_takes_as_many_statements_whatever_it_holds(
    session: Session, run: Run, plan: ServicePlan, count: int
) -> None:
    tables: Counter[str] = Counter()

    def executed(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith("INSERT INTO"):
            tables[statement.split()[2]] += 1

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", executed)
    try:
        run().add(row(number, f"user{number}", service_plan_id=plan.id) for number in range(count))
    finally:
        event.remove(connection, "before_cursor_execute", executed)
    assert tables == {"customers": 1, "radcheck": 1, "subscriptions": 1, "radusergroup": 1}


def test_another_tenants_names_and_addresses_are_free(session: Session, keyring: Keyring, run: Run) -> None:
    other = Isp(name="Other")
    session.add(other)
    session.flush()
    lifecycle.create_customer(session, keyring, other, NOON, username="ann", password="p", static_ip="10.0.0.9")
    work = run()
    work.add([row(2, "ann", static_ip="10.0.0.9")])
    assert work.errors == []
