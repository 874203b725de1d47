"""A customer whose time begins with the first login, from the API to the wire and back."""

from __future__ import annotations

import time

from tests.wire.api import Api
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant

DAY = 86_400


def test_the_first_accept_begins_the_period(tenant: Tenant, system: System) -> None:
    api = Api(system, tenant.isp_id)
    plan = api.call("POST", "/api/billing/plans", {"name": "Day", "validity_days": 1, "clock": "from_first_login"})
    body = {"username": "ann", "password": "walk-in", "service_plan_id": plan["id"], "full_name": "Ann",
            "email": "ann@example.com", "phone": "1", "address": "here"}  # fmt: skip
    ann = api.call("POST", "/api/billing/customers", body)
    path = f"/api/billing/customers/{ann['id']}"
    assert (ann["not_started"], ann["expires_at"], ann["status"]) == (True, None, "active")
    explained = api.call("GET", f"{path}/explain")
    assert explained["verdict"] == "accept"
    assert api.call("GET", path)["not_started"], "being explained is no login"
    system.settle()
    asked = time.time()
    answer = tenant.login(Person(ann["id"], "ann", "walk-in"))
    assert answer.accepted and DAY - 5 <= (answer.session_timeout or 0) <= DAY
    deadline = time.monotonic() + 10
    while (shown := api.call("GET", path))["not_started"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (start, end), = system.sql(
        "select extract(epoch from period_start)::float8, extract(epoch from period_end)::float8 from subscriptions "
        "where customer_id = :id", id=ann["id"])  # fmt: skip
    assert asked - 1 <= start <= time.time() and end - start == DAY
    assert shown["expires_at"] is not None
