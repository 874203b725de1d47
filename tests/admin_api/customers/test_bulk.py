"""Many customers at once: each as by the single act, tried without trace, gone on with after a death."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from models.customers import bulk
from tests.support.caller import Answer, Caller, Tenant
from tests.support.money_figures import figures
from tests.support.money_world import broken

Rows = Callable[..., list[tuple[Any, ...]]]
BASE = "/api/billing/customers"
#: action → its single act and what both are given.
SINGLE: dict[str, tuple[str, dict[str, Any]]] = {
    "renew": ("renew", {"periods": 2, "from": "now"}),
    "change_plan": ("change-plan", {"when": "now"}),
    "suspend": ("suspend", {}),
    "activate": ("activate", {}),
}


def on_many(caller: Caller, action: str, chosen: dict[str, Any], key: str | None = None, **fields: Any) -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    return caller.post(f"{BASE}/bulk", {"action": action, "filter": chosen} | fields, headers)


def codes(answer: Answer) -> dict[str, str]:
    assert answer.status == 200, answer
    return {row["username"]: row["code"] for row in answer.data["results"]}


def people(tenant: Tenant, count: int, **fields: Any) -> list[dict[str, Any]]:
    """Who are billed 10.00 a month and owe what they like."""
    tenant.admin.put("/api/billing/settings", {"api_key_money": True})
    plan = tenant.plan(price="10.00")["id"]
    return [tenant.customer(username=f"u{number}", service_plan_id=plan, **fields) for number in range(count)]


def _written(rows: Rows, tenant: Tenant, customer: dict[str, Any]) -> dict[str, Any]:
    """What an act leaves behind, without ids and moments."""
    mine = {"isp": tenant.id, "id": customer["id"]}
    return {
        "outbox": rows("select kind, reason from outbox where isp_id = :isp and customer_id = :id"
                       " order by id", **mine),
        "charges": rows("select kind, net, tax, given, reverses is null, days_from, days_until from charges"
                        " where isp_id = :isp and customer_id = :id order by id", **mine),
        "periods": rows("select price_minor, date_trunc('minute', period_end - period_start) from subscriptions"
                        " where isp_id = :isp and customer_id = :id order by period_start", **mine),
        "audit": rows("select actor, action, (select array_agg(k order by k) from jsonb_object_keys(after) k)"
                      " from audit_log where isp_id = :isp and resource = 'customers' and resource_id = :id"
                      " order by id", **mine),
        "customer": rows("select status, service_plan_id, date_trunc('minute', expires_at) from customers"
                         " where isp_id = :isp and id = :id", **mine),
    }  # fmt: skip


@pytest.mark.parametrize(
    "action",
    ["renew", "change_plan", *(pytest.param(name, marks=pytest.mark.long) for name in ("suspend", "activate"))],
)
def test_each_is_changed_as_by_the_single_act(tenant: Tenant, rows: Rows, action: str) -> None:
    by_itself, by_many = people(tenant, 2, status="suspended" if action == "activate" else "active")
    path, fields = SINGLE[action]
    if action == "change_plan":
        fields = fields | {"service_plan_id": tenant.plan(price="25.00", bandwidth_limit=20)["id"]}
    assert tenant.staff.post(f"{BASE}/{by_itself['id']}/{path}", fields or None).status == 200
    answer = on_many(tenant.staff, action, {"ids": [by_many["id"]]}, **fields)
    assert codes(answer) == {"u1": "done"}
    one, other = _written(rows, tenant, by_itself), _written(rows, tenant, by_many)
    assert one == other and one["audit"] and bool(one["outbox"]) is (action != "activate")
    charged = tenant.viewer.get(f"{BASE}/{by_many['id']}/account").data["credit"]
    assert answer.data["results"][0]["charged"] == f"{-10 - float(charged):.2f}" or action in ("suspend", "activate")


def test_a_refused_one_keeps_nobody_else_waiting(tenant: Tenant, owner: Engine) -> None:
    first, over, limited, last = people(tenant, 4, status="suspended")
    assert tenant.staff.patch(f"{BASE}/{over['id']}", {"expires_at": "2020-01-01"}).status == 200
    assert codes(on_many(tenant.staff, "activate", {"status": "suspended"})) == {
        "u0": "done", "u1": "expired", "u2": "done", "u3": "done",
    }  # fmt: skip
    assert codes(on_many(tenant.staff, "activate", {"ids": [first["id"]]})) == {"u0": "unchanged"}
    assert tenant.staff.patch(f"{BASE}/{limited['id']}", {"credit_limit": "10.00"}).status == 200
    renewed = on_many(tenant.staff, "renew", {"everybody": True})
    assert codes(renewed) == {"u0": "done", "u1": "done", "u2": "credit_limit", "u3": "done"}
    assert {name: renewed.data[name] for name in ("customers", "done", "refused", "charged")} == {
        "customers": 4, "done": 3, "refused": 1, "charged": "30.00",
    }  # fmt: skip
    assert tenant.viewer.get(f"{BASE}/{limited['id']}/account").data["credit"] == "-10.00"
    assert tenant.viewer.get(f"{BASE}/{last['id']}/account").data["credit"] == "-20.00"
    with owner.connect() as connection:
        assert broken(connection) == []


def test_a_dry_run_says_the_same_and_changes_nothing(tenant: Tenant, rows: Rows) -> None:
    people(tenant, 3)
    assert tenant.staff.get("/api/auth/me").status == 200, "logged in before: that leaves its own row in the audit log"
    tables = ("customers", "subscriptions", "charges", "transfers", "outbox", "audit_log", "bulk_runs", "bulk_results")

    def everything() -> list[Any]:
        return [rows(f"select t::text from {table} t where isp_id = :isp order by 1", isp=tenant.id)  # noqa: S608
                for table in tables]  # fmt: skip

    before = everything()
    tried = on_many(tenant.staff, "renew", {"search": "u"}, key="try", dry_run=True)
    assert everything() == before
    done = on_many(tenant.staff, "renew", {"search": "u"}, key="do")
    assert everything() != before
    assert {**tried.data, "dry_run": False, "results": None} == {**done.data, "results": None}
    for would, did in zip(tried.data["results"], done.data["results"], strict=True):
        assert (would["code"], would["charged"], would["expires_at"][:16]) == ("done", "10.00", did["expires_at"][:16])


def test_what_broke_off_goes_on_where_it_ended(tenant: Tenant, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """The filter would no longer find those who are done; the run knows them."""
    customers, remember, slices = people(tenant, 5), bulk.remember, []
    monkeypatch.setattr(bulk, "SLICE", 2)

    def fails_once(*arguments: Any) -> None:
        slices.append(arguments)
        if len(slices) == 2:
            raise RuntimeError
        remember(*arguments)

    monkeypatch.setattr(bulk, "remember", fails_once)
    assert on_many(tenant.staff, "suspend", {"status": "active"}, key="night").status == 500
    suspended = "select count(*) from customers where isp_id = :isp and status = 'suspended'"
    assert rows(suspended, isp=tenant.id) == [(2,)]
    again = on_many(tenant.staff, "suspend", {"status": "active"}, key="night")
    assert set(codes(again).values()) == {"done"} and len(codes(again)) == 5
    events = "select count(*), count(distinct customer_id) from outbox where isp_id = :isp and reason = 'suspended'"
    assert rows(events, isp=tenant.id) == [(len(customers), len(customers))]
    replayed = on_many(tenant.staff, "suspend", {"status": "active"}, key="night")
    assert (replayed.data, replayed.headers["Idempotency-Replayed"]) == (again.data, "true")
    assert on_many(tenant.staff, "suspend", {"status": "expired"}, key="night").code == "idempotency_key_reused"


def test_a_killed_process_renews_nobody_twice(environment: dict[str, str], owner: Engine, tenant: Tenant) -> None:
    customers = people(tenant, 3)
    headers = {"X-API-Key": tenant.api_key, "Idempotency-Key": "night"}
    request = {"path": f"{BASE}/bulk", "method": "POST", "headers": headers,
               "json": {"action": "renew", "filter": {"everybody": True}}}  # fmt: skip

    def renewals() -> list[tuple[int, int]]:
        with owner.connect() as connection:
            return [figures(connection, tenant.id, customer["id"])[:2] for customer in customers]

    before = renewals()
    command = [sys.executable, "-m", "tests.support.dying_process", "commit", "outbox", json.dumps(request)]
    died = subprocess.run(command, env=os.environ | environment, check=False, timeout=120)
    assert died.returncode == -signal.SIGKILL and renewals() == before
    for _ in range(2):
        assert tenant.app.test_client().open(**request).status_code == 200
        assert renewals() == [(periods + 1, charges + 1) for periods, charges in before]
    with owner.connect() as connection:
        assert broken(connection) == []


def test_twins_at_once_do_each_customer_once(tenant: Tenant, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "SLICE", 2)
    people(tenant, 7)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: on_many(tenant.staff, "renew", {"everybody": True}, key="x"), range(2)))
    assert [answer.data["done"] for answer in answers] == [7, 7]
    assert rows("select count(*) from subscriptions where isp_id = :isp", isp=tenant.id) == [(14,)]


@pytest.mark.long
def test_somebody_who_is_being_changed_is_said_to_be_busy(tenant: Tenant, owner: Engine) -> None:
    customers = people(tenant, 2)
    with owner.begin() as connection:
        connection.exec_driver_sql(f"select from customers where id = {customers[0]['id']} for update")
        answer = on_many(tenant.staff, "suspend", {"everybody": True})
    assert codes(answer) == {"u0": "busy", "u1": "done"}


@pytest.mark.parametrize(("action", "chosen", "fields", "field"), [
    ("suspend", {}, {}, "filter"), ("suspend", {"statsu": "active"}, {}, "filter.statsu"),
    ("suspend", {"ids": ["x"]}, {}, "filter.ids.0"), ("suspend", {"everybody": False}, {}, "filter.everybody"),
    ("suspend", {"ids": [1]}, {"periods": 2}, "periods"), ("renew", {"ids": [1]}, {"when": "now"}, "when"),
    ("activate", {"ids": [1]}, {"from": "now"}, "from"), ("renew", {"ids": [1]}, {"pay": "given"}, "reason"),
    ("change_plan", {"ids": [1]}, {}, "service_plan_id"), ("erase", {"ids": [1]}, {}, "action"),
    ("change_plan", {"ids": [1]}, {"service_plan_id": 10**15}, "service_plan_id"),
])  # fmt: skip
def test_a_slip_is_named_and_touches_nobody(
    tenant: Tenant, action: str, chosen: dict[str, Any], fields: dict[str, Any], field: str
) -> None:
    tenant.admin.put("/api/billing/settings", {})
    answer = on_many(tenant.staff, action, chosen, **fields)
    assert (answer.status, set(answer.data["errors"])) == (422, {field}), answer
    if field == "filter.statsu":
        assert answer.data["errors"][field] == ["is not known here; the nearest name is status"]


def test_whose_money_it_is_says_who_may_change_plans(tenant: Tenant) -> None:
    chosen, plan = {"everybody": True}, tenant.plan()["id"]
    assert on_many(tenant.cashier, "suspend", chosen).status == 403
    assert on_many(tenant.machine, "suspend", chosen).status == 200
    assert on_many(tenant.machine, "change_plan", chosen, service_plan_id=plan).status == 403
    tenant.admin.put("/api/billing/settings", {"api_key_money": True})
    assert on_many(tenant.machine, "change_plan", chosen, service_plan_id=plan).status == 200


@pytest.mark.long
def test_three_thousand_are_renewed(tenant: Tenant, owner: Engine) -> None:
    plan = tenant.plan(price="10.00")["id"]
    lines = "".join(f"many{number},p,{plan}\n" for number in range(3000))
    file = f"username,password,service_plan_id\n{lines}"
    assert tenant.staff.raw("POST", f"{BASE}/import", data=file, content_type="text/csv").status_code == 200
    tenant.admin.put("/api/billing/settings", {})
    answer = on_many(tenant.staff, "renew", {"service_plan_id": plan}, key="all")
    assert (answer.data["done"], answer.data["charged"]) == (3000, "30000.00")
    with owner.connect() as connection:
        assert broken(connection) == []
