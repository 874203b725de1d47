"""The demo tenant goes whole, with its ledger; no other tenant does, whoever tries, and no row of one by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.db import make_engine
from models.secrets.keyring import Keyring
from service.start import demo
from tests.support.caller import Tenant
from tests.support.money_world import broken

Rows = Callable[..., list[tuple[Any, ...]]]
LEDGER = ("transfers", "charges", "payments", "refunds", "drawers", "ledger_accounts", "ledger_checkpoints")
#: Functions of triggers that may stand before a delete, and let it through.
LETTING_THROUGH = {"infora_append_only": "switched off for the demo's removal"}


def tables(rows: Rows) -> list[str]:
    return [name for (name,) in rows(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'isp_id'"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"
        " and not a.attisdropped order by 1")]  # fmt: skip


def everything(rows: Rows, isp_id: int) -> dict[str, list[tuple[Any, ...]]]:
    return {table: rows(f"select t::text from {table} t where isp_id = :isp order by 1", isp=isp_id)  # noqa: S608
            for table in tables(rows)}  # fmt: skip


@pytest.fixture
def demo_id(owner: Engine, environment: dict[str, str]) -> Iterator[int]:
    """A demo tenant in whose ledger something stands, as its users leave it."""
    with Session(owner) as session, session.begin():
        isp_id = demo.create(session, Keyring.parse(environment["CREDENTIAL_KEYS"]))["isp"]["id"]
    yield isp_id
    with owner.begin() as connection:
        # One that was renamed is no demo any more, and keeps the address that the next one needs.
        connection.execute(text("delete from mikrotik_devices where isp_id = :isp"), {"isp": isp_id})
        connection.execute(text("select infora_remove_demo()"))


def do_business(tenant: Tenant, customer_id: int) -> None:
    """Settings, a charge, a payment in cash, part of it given back, a renewal, a session and a look at the books."""
    assert tenant.admin.put("/api/billing/settings", {"api_key_money": True}).status == 200
    address = f"/api/billing/customers/{customer_id}"
    assert tenant.admin.post(f"{address}/charges", {"description": "Cable", "unit_price": "5.00"}).status == 201
    paid = tenant.admin.post("/api/billing/payments", {"customer_id": customer_id, "amount": "90.00", "method": "cash"})
    assert tenant.admin.post(f"/api/billing/payments/{paid.data['id']}/refund",
                             {"reason": "too much", "amount": "1.00"}).status < 300  # fmt: skip
    assert tenant.admin.post(f"{address}/renew", {"periods": 2}).status == 200


def inside(tenant: Tenant, isp_id: int, rows: Rows) -> Tenant:
    """Callers of a tenant that was made without the API."""
    visitor = object.__new__(Tenant)
    visitor.app, visitor.id = tenant.app, isp_id
    visitor.superadmin = tenant.superadmin.inside(isp_id)
    return visitor


def test_it_goes_with_every_row_and_nobody_else_loses_one(
    run: Any, tenant: Tenant, rows: Rows, owner: Engine, demo_id: int
) -> None:
    [(john,)] = rows("select id from customers where isp_id = :isp", isp=demo_id)
    do_business(inside(tenant, demo_id, rows), john)
    do_business(tenant, tenant.customer(service_plan_id=tenant.plan(price="10.00")["id"])["id"])
    rows("insert into ledger_checkpoints (isp_id, account_id, through_id, balance)"
         " select isp_id, id, 0, 0 from ledger_accounts where credit is null")  # fmt: skip
    filled = {table for table, found in everything(rows, demo_id).items() if found}
    assert filled >= {*LEDGER, "customers", "audit_log", "outbox", "mikrotik_devices", "users", "radcheck"}
    others = everything(rows, tenant.id)

    done = run("remove-demo")

    assert (done.exit_code, "The demo tenant is removed" in done.output) == (0, True), done.output
    assert not any(everything(rows, demo_id).values())
    assert rows("select 1 from isps where id = :isp", isp=demo_id) == []
    assert everything(rows, tenant.id) == others
    [(rows_gone,)] = rows("select after -> 'rows' from audit_log where action = 'remove-demo' order by id desc limit 1")
    assert set(rows_gone) >= {*LEDGER, "customers", "audit_log"}, (
        "what goes with a row that it belongs to is not counted"
    )
    assert run("remove-demo").output.startswith("There is no demo tenant")
    with owner.connect() as connection:
        assert broken(connection) == []


def test_whoever_renames_it_keeps_it(run: Any, rows: Rows, tenant: Tenant, demo_id: int) -> None:
    assert tenant.superadmin.patch(f"/api/isps/{demo_id}", {"name": "Savanna Net"}).status == 200
    assert tenant.superadmin.patch(f"/api/isps/{demo_id}", {"name": "Demo ISP"}).status == 200
    assert run("remove-demo").output.startswith("There is no demo tenant")
    assert rows("select is_demo from isps where id = :isp", isp=demo_id) == [(False,)]


@pytest.mark.parametrize("table", LEDGER)
def test_no_row_of_a_ledger_goes_by_itself_not_even_the_demos(owner: Engine, demo_id: int, table: str) -> None:
    with owner.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(f"delete from {table} where isp_id = {demo_id}"))  # noqa: S608


@pytest.mark.parametrize("role", ["OWNER", "ENGINE", "API"])
@pytest.mark.parametrize("act", [
    "update isps set is_demo = true where not is_demo",
    "insert into isps (name, is_demo) values ('another', true)",
    "select infora_remove_demo()",
])  # fmt: skip
def test_no_tenant_becomes_a_demo_and_only_the_owner_removes_it(
    environment: dict[str, str], rows: Rows, tenant: Tenant, demo_id: int, role: str, act: str
) -> None:
    if role == "OWNER" and act.startswith("select"):
        return
    engine = make_engine(environment["DATABASE_URL" if role == "OWNER" else f"{role}_DATABASE_URL"], "tests")
    with engine.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(text("select set_config('infora.isp_id', :isp, false), set_config('infora.scope', 'all',"
                                " false)"), {"isp": str(tenant.id)})  # fmt: skip
        connection.execute(text(act))
    engine.dispose()
    assert any(
        word in str(refused.value) for word in ("permission denied", "does not become", "owner of", "uq_isps_is_demo")
    )
    assert rows("select count(*) from isps where is_demo") == [(1,)]


def test_every_trigger_that_keeps_rows_is_one_that_the_removal_knows(rows: Rows) -> None:
    """A table of tomorrow that refuses deletes by a function of its own would keep the demo's rows."""
    before_deletes = rows(
        "select distinct p.proname::text from pg_trigger t join pg_proc p on p.oid = t.tgfoid"
        " where not t.tgisinternal and t.tgtype & 8 = 8 and t.tgtype & 2 = 2"
    )
    assert {name for (name,) in before_deletes} == set(LETTING_THROUGH)
