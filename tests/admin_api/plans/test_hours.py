"""Hours, time budgets and clocks of plans as the API takes and shows them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.caller import Tenant
from tests.support.world import Rows

BASE = "/api/billing/plans"
NIGHT = {
    "from": "22:00",
    "to": "06:00",
    "weekdays": [5, 6],
    "bandwidth_limit": 50,
    "upload_limit": 2.5,
    "counts": False,
}


def test_a_plan_has_hours_and_a_time_budget(tenant: Tenant) -> None:
    plan = tenant.plan(name="Hours", hours=[NIGHT, {"from": "12:00", "to": "24:00"}], time_limit=600)
    bare = {"from": "12:00", "to": "24:00", "weekdays": None, "bandwidth_limit": None, "upload_limit": None,
            "counts": True}  # fmt: skip
    assert plan["hours"] == [NIGHT, bare] and plan["time_limit"] == 600
    assert tenant.viewer.get(f"{BASE}/{plan['id']}").data["hours"] == [NIGHT, bare]
    changed = tenant.admin.patch(f"{BASE}/{plan['id']}", {"hours": [NIGHT | {"weekdays": [6, 5, 6]}]}).data
    assert changed["hours"] == [NIGHT]
    changed = tenant.admin.patch(f"{BASE}/{plan['id']}", {"hours": None, "time_limit": None}).data
    assert changed["hours"] is None and changed["time_limit"] is None


def test_no_hours_are_none(tenant: Tenant) -> None:
    assert tenant.plan(name="Empty", hours=[])["hours"] is None


@pytest.mark.parametrize("hours", [
    [{"to": "06:00"}], [NIGHT | {"from": "24:00"}], [NIGHT | {"to": "6:00"}], [NIGHT | {"weekdays": [0]}],
    [NIGHT | {"weekdays": []}], [NIGHT | {"count": False}], [NIGHT | {"bandwidth_limit": 0}],
    [NIGHT | {"bandwidth_limit": None}], [NIGHT] * 49, "22:00-06:00", {"from": "22:00", "to": "06:00"},
])  # fmt: skip
def test_hours_that_cannot_be_are_refused_by_their_field(tenant: Tenant, hours: Any) -> None:
    refused = tenant.admin.post(BASE, {"name": "Wrong", "hours": hours})
    assert refused.status == 422 and "hours" in str(refused.body["data"]["errors"]), refused


def test_explain_says_which_hour_it_is_and_what_time_is_left(tenant: Tenant) -> None:
    tenant.device()
    always = {"from": "00:00", "to": "24:00", "bandwidth_limit": 7, "counts": False}
    plan = tenant.plan(name="All day", bandwidth_limit=1, data_limit=0, hours=[always], time_limit=60)
    ann = tenant.customer(username="ann", service_plan_id=plan["id"])
    explained = tenant.viewer.get(f"/api/billing/customers/{ann['id']}/explain").data
    assert explained["reply"]["Mikrotik-Rate-Limit"] == "7M/7M"
    assert explained["reply"]["Session-Timeout"] == "3600"
    rules = {rule["code"]: rule for rule in explained["rules"]}
    assert rules["quota_exceeded"]["passed"] and rules["quota_exceeded"]["facts"]["counts_now"] is False
    assert rules["time_used_up"]["facts"] == {"used_seconds": 0, "allowed_seconds": 3600, "seconds_left": 3600}


def test_what_does_not_count_is_shown_and_is_no_part_of_what_is_used(tenant: Tenant, rows: Rows) -> None:
    plan = tenant.plan(name="Night", data_limit=1, time_limit=60)
    ann = tenant.customer(username="ann", service_plan_id=plan["id"])
    rows("insert into usage (isp_id, customer_id, period_start, bytes_in, bytes_out, uncounted_in, uncounted_out,"
         " seconds) select isp_id, customer_id, period_start, 70, 500, 20, 300, 90 from subscriptions"
         " where customer_id = :id returning 1", id=ann["id"])  # fmt: skip
    shown = tenant.viewer.get(f"/api/billing/customers/{ann['id']}").data
    assert (shown["used_bytes"], shown["remaining_bytes"], shown["uncounted_bytes"]) == (250, 10**9 - 250, 320)
    assert (shown["used_seconds"], shown["remaining_seconds"]) == (90, 3510)
    report = tenant.viewer.get("/api/billing/reports/usage/ann").data
    assert (report["total_bytes"], report["uncounted_bytes"], report["remaining_bytes"]) == (570, 320, 10**9 - 250)
    correction = {"bytes_out": -201, "reason": "more than what counts"}
    address = f"/api/billing/customers/{ann['id']}/usage-corrections"
    assert tenant.admin.post(address, correction).status == 422
    assert tenant.admin.post(address, correction | {"bytes_out": -200}).status == 201
    assert tenant.viewer.get(f"/api/billing/customers/{ann['id']}").data["used_bytes"] == 50
