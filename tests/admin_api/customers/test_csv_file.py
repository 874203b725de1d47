"""Customers from and to CSV."""

from __future__ import annotations

import csv
import io
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from tests.support.caller import Answer, Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
BASE = "/api/billing/customers"


def _import(tenant: Tenant, file: str | bytes, query: str = "") -> Answer:
    data = file.encode() if isinstance(file, str) else file
    return Answer(tenant.staff.raw("POST", f"{BASE}/import{query}", data=data, content_type="text/csv"))


def test_what_is_imported_is_as_if_created_one_by_one(tenant: Tenant, rows: Rows) -> None:
    plan = tenant.plan(data_limit=1)
    text = (
        "username,password,service_plan_id,static_ip,mac_address,status\r\n"
        f"ann,secret-1,{plan['id']},10.3.0.1,aabb.ccdd.eeff,active\r\n"
        'bob,"secret,""2",,,,suspended\r\n'
    )
    assert _import(tenant, text).data == {"imported": 2, "dry_run": False, "warnings": []}
    single = tenant.customer(
        username="cid", password="p", service_plan_id=plan["id"], static_ip="10.3.0.3", mac_address="AABBCCDDEEFF"
    )
    shown = {row["username"]: row for row in tenant.viewer.get(BASE).data["items"]}
    differs = ("id", "pay_reference", "username", "email", "static_ip", "created_at", "updated_at", "expires_at")
    assert {k: v for k, v in shown["ann"].items() if k not in differs} == {
        k: v for k, v in single.items() if k not in differs
    }
    assert shown["bob"]["status"] == "suspended"
    for table in ("radcheck", "radreply", "radusergroup"):
        provisioned = rows(
            f"select username, is_active, origin from {table} where isp_id = :isp order by 1",  # noqa: S608
            isp=tenant.id,
        )
        assert [row for row in provisioned if row[0] != "bob"] == [
            ("ann", True, "provisioned"),
            ("cid", True, "provisioned"),
        ]
    assert rows("select count(*) from subscriptions where isp_id = :isp", isp=tenant.id) == [(3,)]
    assert rows("select distinct value like 'aes:%' from radcheck where isp_id = :isp", isp=tenant.id) == [(True,)]


def test_a_trial_changes_nothing(tenant: Tenant) -> None:
    assert _import(tenant, "username,password,service_plan_id\nann,p,\n", "?dry_run=1").data == {
        "imported": 1,
        "dry_run": True,
        "warnings": [],
    }
    assert tenant.viewer.get(BASE).data["total"] == 0


def test_errors_are_told_by_row_and_column_and_nothing_is_imported(tenant: Tenant) -> None:
    tenant.customer(username="Taken", static_ip="10.4.0.1")
    text = (
        "username,password,service_plan_id,static_ip,expires_at\n"
        "good,p,,,\n"
        "taken,p,,,\n"
        "GOOD,p,,,\n"
        "a,,,,\n"
        "b,p,999999,,\n"
        "c,p,,10.4.0.1,\n"
        "d,p,,,tomorrow\n"
        "e,p\n"
    )
    answer = _import(tenant, text)
    assert answer.status == 422
    wrong_cells = {(row["row"], row["column"]) for row in answer.data["rows"]}
    wanted = {(3, "username"), (4, "username"), (5, "password"), (6, "service_plan_id"), (7, "static_ip")}
    assert wrong_cells == wanted | {(8, "expires_at"), (9, "")}
    assert tenant.viewer.get(BASE).data["total"] == 1


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"username\nann\n",
        b"username,password,service_plan_id\n\xff,p,\n",
        b'username,password,service_plan_id\n"ann,p\n',
        b"\x00\n",
    ],
)
def test_what_is_no_such_file_is_refused(tenant: Tenant, text: bytes) -> None:
    assert _import(tenant, text).status == 400


def test_a_file_goes_out_and_comes_back(tenant: Tenant, other_tenant: Tenant) -> None:
    for name, phone in (("=cmd", "+254 700"), ("'quoted", "-"), ("Zoë, with comma", '"'), ("@SUM(1)", "=1+1")):
        tenant.customer(username=name, phone=phone, address="line 1\nline 2")
    text = tenant.viewer.raw("GET", f"{BASE}?format=csv").get_data().decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(text)))
    assert not [cell for row in read for cell in row if cell.startswith(("=", "+", "-", "@"))]
    head, *lines = read
    out = io.StringIO()
    csv.writer(out).writerows([[*head, "password"], *([*line, "p"] for line in lines)])
    assert _import(other_tenant, out.getvalue()).status == 200
    columns = ("username", "phone", "address")
    gone, come = (
        [[row[column] for column in columns] for row in of.viewer.get(f"{BASE}?sort=username").data["items"]]
        for of in (tenant, other_tenant)
    )
    assert gone == come


def test_an_export_holds_what_the_filters_let_through(tenant: Tenant) -> None:
    tenant.customer(username="ann")
    tenant.customer(username="bob")
    text = tenant.viewer.raw("GET", f"{BASE}?format=csv&search=BO").get_data().decode("utf-8-sig")
    assert len(text.splitlines()) == 2 and "bob" in text


@pytest.fixture
def large(tenant: Tenant, rows: Rows) -> Iterator[Tenant]:
    """Its customers go with the test: others read all that are in the database, thousands of times."""
    yield tenant
    rows("delete from customers where isp_id = :isp", isp=tenant.id)


@pytest.mark.parametrize("count", [2_000, pytest.param(50_000, marks=pytest.mark.long)])
def test_thousands_of_rows_go_in_and_out(app: APIFlask, large: Tenant, rows: Rows, count: int) -> None:
    tenant = large
    text = "username,password,full_name,service_plan_id\n" + "".join(
        f"user{n},password{n},Name {n},\n" for n in range(count)
    )
    wrong = text.replace(f"user{count // 2},", "user0,")
    answer = _import(tenant, wrong)
    assert (answer.status, answer.data["rows"][0]["row"]) == (422, count // 2 + 2)
    assert _import(tenant, text, "?dry_run=1").data == {"imported": count, "dry_run": True, "warnings": []}
    assert rows("select count(*) from customers where isp_id = :isp", isp=tenant.id) == [(0,)]
    begun = time.monotonic()
    assert _import(tenant, text).data["imported"] == count
    assert time.monotonic() - begun < 60
    for table in ("customers", "radcheck", "subscriptions"):
        held = f"select count(*) from {table} where isp_id = :isp"  # noqa: S608
        assert rows(held, isp=tenant.id) == [(count,)]
    pieces = list(_streamed(app, tenant))
    assert len(b"".join(pieces).splitlines()) == count + 1
    assert len(pieces) >= count // 500 and max(map(len, pieces)) < 100_000, "made while it is sent"


def test_names_are_looked_up_one_by_one_also_for_a_tenant_whom_the_statistics_do_not_know(
    app: APIFlask, tenant: Tenant, other_tenant: Tenant, owner: Engine
) -> None:
    """Or else each thousand of a large import would be compared with all the thousands before."""
    _import(other_tenant, "username,password,service_plan_id\n" + "".join(f"user{n},p,\n" for n in range(1000)))
    with owner.begin() as connection:
        connection.execute(text("analyze customers"))
    times, begun = list[float](), list[float]()

    def begin(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        begun[:] = [time.perf_counter()] if "infora_names_taken" in statement else []

    def end(*_: Any) -> None:
        times.extend(time.perf_counter() - moment for moment in begun)

    engine = app.extensions["infora"].engine
    for name, hook in (("before_cursor_execute", begin), ("after_cursor_execute", end)):
        event.listen(engine, name, hook)
    try:
        rows = "".join(f"user{n},p,\n" for n in range(5000))
        assert _import(tenant, "username,password,service_plan_id\n" + rows, "?dry_run=1").data["imported"] == 5000
    finally:
        for name, hook in (("before_cursor_execute", begin), ("after_cursor_execute", end)):
            event.remove(engine, name, hook)
    assert len(times) == 5 and min(times[-3:]) < 0.1, times


@pytest.mark.parametrize(("table", "is_left"), [("customers", 0), ("charges", 1), ("ledger_accounts", 1)])
def test_an_import_keeps_the_sizes_it_has_learnt(
    app: APIFlask, tenant: Tenant, owner: Engine, table: str, is_left: int
) -> None:
    """Autovacuum sees nothing of what it inserts: by its count, each row would be checked by reading all the others.

    `is_left`: of so many pieces the table may still be looked at.
    """
    refused = list[str]()

    def vacuum(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "INTO subscriptions" in statement:
            with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("set lock_timeout = '50ms'"))
                try:
                    connection.execute(text(f"vacuum analyze {table}"))
                except OperationalError as wrong:
                    refused.append(wrong.orig.pgcode)  # type: ignore[union-attr]
                    connection.invalidate()

    engine = app.extensions["infora"].engine
    event.listen(engine, "before_cursor_execute", vacuum)
    try:
        _many(tenant, 3000)
    finally:
        event.remove(engine, "before_cursor_execute", vacuum)
    assert refused == ["55P03"] * (3 - is_left)


def test_an_import_waits_for_no_other_and_for_no_vacuum(tenant: Tenant, owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("lock table customers in share update exclusive mode"))
        _many(tenant, 1500)


def _many(tenant: Tenant, count: int) -> None:
    lines = "".join(f"user{n},p,\n" for n in range(count))
    assert _import(tenant, "username,password,service_plan_id\n" + lines).data == {
        "imported": count,
        "dry_run": False,
        "warnings": [],
    }


@pytest.mark.long
def test_fifty_thousand_rows_need_little_memory_on_their_way(app: APIFlask, large: Tenant) -> None:
    """Neither the file nor the rows are ever held as a whole: 50,000 customers as rows of the model are 200 MB."""
    line = "user{0},password{0},Name {0},+254700{0},1 Main Street with a longer name,\n"
    text = "username,password,full_name,phone,address,service_plan_id\n" + "".join(
        line.format(n) for n in range(50_000)
    )
    tenant, caller, data = large, large.staff, text.encode()
    del text
    tracemalloc.start()
    assert Answer(caller.raw("POST", f"{BASE}/import", data=data, content_type="text/csv")).data["imported"] == 50_000
    imported = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    assert sum(map(len, _streamed(app, tenant))) > 4_000_000
    exported = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert imported < len(data) + 60_000_000, imported
    assert exported < 12_000_000, exported


def _streamed(app: APIFlask, tenant: Tenant) -> Iterator[bytes]:
    """The export as it leaves the application, piece by piece."""
    with app.test_client() as client:
        answer = client.get(f"{BASE}?format=csv", headers=tenant.viewer.headers, buffered=False)
        yield from answer.iter_encoded()
        answer.close()


def test_a_file_of_bad_rows_is_read_until_there_are_errors_enough(tenant: Tenant) -> None:
    tracemalloc.start()
    try:
        answer = _import(tenant, "username,password,service_plan_id\n" + "x\n" * 1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (answer.status, len(answer.data["rows"])) == (422, 1000)
    assert peak < 30_000_000
