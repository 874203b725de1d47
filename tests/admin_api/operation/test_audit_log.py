"""Every change leaves its audit row: who, what, before and after, and no secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIFlask

from tests.support.bodies import operations, send
from tests.support.caller import Caller, Tenant
from tests.support.world import World

Rows = Callable[..., list[tuple[Any, ...]]]
BASE = "/api/billing/customers"


def test_every_change_leaves_its_audit_row(tenant: Tenant) -> None:
    plan, customer = tenant.plan(), tenant.customer(username="ann")
    tenant.staff.patch(
        f"{BASE}/{customer['id']}", {"phone": "1", "password": "hidden-1"}, {"X-Request-ID": "request-77"}
    )
    tenant.staff.post(f"{BASE}/{customer['id']}/suspend")
    tenant.admin.delete(f"/api/billing/plans/{plan['id']}")
    log = tenant.admin.get("/api/audit-log?per_page=100").data["items"]
    done = [(row["resource"], row["action"]) for row in log if row["resource"] != "users"]
    assert done == [("service_plans", "delete"), ("customers", "suspend"), ("customers", "update"),
                    ("customers", "create"), ("service_plans", "create"), ("isps", "create")]  # fmt: skip
    change = next(row for row in log if row["action"] == "update")
    assert change["before"] == {"phone": None, "password": None}
    assert change["after"] == {"phone": "1", "password": "***"}
    assert change["actor"].startswith("staff-") and change["request_id"] == "request-77"
    assert "hidden-1" not in str(log)
    tenant.device()
    devices = tenant.admin.get("/api/audit-log?resource=mikrotik_devices").data["items"]
    assert [(row["after"]["radius_secret"], row["after"]["api_password"]) for row in devices] == [("***", None)]


def test_every_operation_that_changes_something_leaves_its_audit_row(
    app: APIFlask, tenant: Tenant, rows: Rows, superadmin: Caller
) -> None:
    """Who, what, before and after; asked of the document's operations one after the other."""
    world, unseen = World(tenant, rows), []
    last = "select count(*), max(id) from audit_log"
    columns = "select actor, action, request_id, coalesce(before::text, ''), coalesce(after::text, '') from audit_log"
    for operation in operations(app):
        if operation.startswith("GET ") or operation in NOT_AUDITED:
            continue
        before = rows(last)[0]
        caller = tenant.operator("admin") if "/api/auth/" in operation else tenant.superadmin
        since = rows(last)[0]
        answer = send(caller, operation, world)
        if answer.status >= 300:
            assert rows(last)[0] == since, operation
            assert answer.code in ("in_use", "not_bookable", "not_last", "open_balance"), (operation, answer)
            continue
        written = rows(f"{columns} where id > :id", id=before[1])
        own = [row for row in written if row[2] == answer.headers["X-Request-ID"]]
        if not own or not all(row[0] for row in own):
            unseen.append(operation)
    assert unseen == []


#: Change nothing that an operator would look for, or keep a record of their own (tokens; `radpostauth` and `radacct`).
NOT_AUDITED = ("POST /api/auth/login", "POST /api/auth/logout", "POST /api/radius-api/auth",
               "POST /api/radius-api/accounting", "POST /api/billing/customers/{id}/quote",
               # Need the code of an authenticator: their rows are looked for in test_totp.
               "POST /api/auth/totp/confirm", "POST /api/auth/totp/recovery-codes",
               "POST /api/auth/totp/disable",
               # Look at the router; what they do there, unless as a dry run, is looked for in test_router_routes.
               "POST /api/devices/{id}/test", "POST /api/devices/{id}/configure",
               "POST /api/devices/{id}/configure/undo",
               # Audited customer by customer, unless as a dry run: test_bulk.
               "POST /api/billing/customers/bulk")  # fmt: skip
