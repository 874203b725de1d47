"""The number of statements of a list or report does not grow with its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from apiflask import APIFlask
from sqlalchemy import event

from tests.admin_api.money.test_documents import BILLING
from tests.support.bodies import operations
from tests.support.caller import Caller, Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
BASE = "/api/billing/customers"


@contextmanager
def statements(app: APIFlask) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    engine = app.extensions["infora"].engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


_OPEN = ("insert into radacct (isp_id, customer_id, device_id, acctsessionid, acctstarttime)"
         " values (:isp, :customer, :device, 's', now() - interval '1 minute')")  # fmt: skip
_ENDED = _OPEN.replace("acctstarttime", "acctstarttime, acctstoptime").replace("'1 minute'", "'1 minute', now()")
_LOGIN = ("insert into radpostauth (isp_id, customer_id, device_id, username, reply, code)"
          " values (:isp, :customer, :device, 'u', 'Access-Reject', :code)")  # fmt: skip


def _grow(tenant: Tenant, rows: Rows, customer: dict[str, Any]) -> None:
    """Two or more of everything that a list or a report shows."""
    body = {"attribute": "Filter-Id", "op": "+=", "value": "x"}
    for number in range(2):
        plan, device, other = tenant.plan(), tenant.device(), tenant.customer(service_plan_id=tenant.plan()["id"])
        tenant.superadmin.post("/api/users", {"username": f"u{plan['id']}", "password": "0123456789", "role": "viewer"})
        for owner in (f"customers/{customer['id']}", f"plans/{customer['service_plan_id']}"):
            assert tenant.superadmin.post(f"/api/billing/{owner}/attributes", body).status == 201
        for whose in (customer, other):
            values = {"isp": tenant.id, "customer": whose["id"], "device": device["id"]}
            for ago in (1, 2):
                rows(_OPEN if ago == 1 else _ENDED, **values)
                rows(_LOGIN, code=f"code{number}-{ago}", **values)
            days = rows("select count(*) from usage_daily where customer_id = :customer", customer=whose["id"])[0][0]
            rows("insert into usage_daily values (:isp, :customer, (now() at time zone 'UTC')::date - :days, 1, 1)",
                 isp=tenant.id, customer=whose["id"], days=days)  # fmt: skip
        _grow_money(tenant, customer)
        rows("insert into quarantine (isp_id, node, reason, record, octets) values (:isp, 'n', 'r', '{}', '')",
             isp=tenant.id)  # fmt: skip


def _grow_money(tenant: Tenant, customer: dict[str, Any]) -> None:
    """A charge with its invoice, a payment that pays it, another operator's drawer, and a run."""
    assert tenant.superadmin.put("/api/billing/settings", BILLING).status == 200
    tenant.superadmin.post(f"{BASE}/{customer['id']}/charges", {"description": "Fee", "unit_price": "3.00"})
    body = {"customer_id": customer["id"], "amount": "2.00", "method": "cash"}
    assert tenant.operator("cashier").post("/api/billing/payments", body).status == 201
    assert tenant.superadmin.post("/api/billing/invoice-runs", {"until": "2020-01-31"}).status in (200, 201, 202)


def test_the_number_of_statements_does_not_grow_with_the_rows(
    app: APIFlask, superadmin: Caller, tenant: Tenant, rows: Rows
) -> None:
    """Every reading operation of the document, in every form that it has."""
    customer = tenant.customer(username="ann", service_plan_id=tenant.plan()["id"])
    ids = {"customers": customer["id"], "plans": customer["service_plan_id"], "isps": tenant.id,
           "users": tenant.admin.get("/api/auth/me").data["id"], "devices": tenant.device()["id"]}  # fmt: skip
    _grow(tenant, rows, customer)
    ids["payments"] = tenant.superadmin.get("/api/billing/payments").data["items"][0]["id"]
    ids["documents"] = tenant.superadmin.get("/api/billing/documents?kind=invoice").data["items"][0]["id"]
    ids["invoice-runs"] = tenant.superadmin.get("/api/billing/invoice-runs").data["items"][0]["id"]
    for file in ("pdf", "xml"):  # the first to ask has it made
        assert tenant.superadmin.raw("GET", f"/api/billing/documents/{ids['documents']}.{file}").status_code == 200
    ids["quarantine"] = rows("select min(id) from quarantine where isp_id = :isp", isp=tenant.id)[0][0]
    counts: list[dict[str, int]] = []
    for _ in range(2):
        counts.append({})
        for path in [operation.split(" ")[1] for operation in operations(app) if operation.startswith("GET /api/")]:
            address = path.replace("{username}", "ann")
            for word, number in ids.items():
                address = address.replace(f"/{word}/{{id}}", f"/{word}/{number}")
            for query in _forms(path):
                with statements(app) as seen:
                    answer = tenant.superadmin.raw("GET", address + query)
                    assert answer.status_code == 200 and answer.get_data(), address
                counts[-1][address + query] = len(seen)
        _grow(tenant, rows, customer)
    assert len(counts[0]) > 35
    # Whatever is known of a person is looked for in every table that may know something.
    most = [count for address, count in counts[0].items() if not address.endswith("/personal-data")]
    assert counts[0] == counts[1] and max(most) <= 16


def _forms(path: str) -> tuple[str, ...]:
    """Query strings that make an operation go other ways."""
    if path == BASE:
        return "", "?format=csv", "?search=a&sort=-username", "?status=active"
    return ("", "?format=csv", "?format=svg") if "/reports/" in path else ("",)
