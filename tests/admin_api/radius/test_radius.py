"""`explain`, RADIUS over HTTP, and the state of the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.caller import Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
RULES = [
    "unknown_device",
    "isp_suspended",
    "unsupported",
    "unknown_customer",
    "too_many_guesses",
    "bad_password",
    "suspended",
    "expired",
    "mac_mismatch",
    "quota_exceeded",
    "time_used_up",
    "too_many_sessions",
    "bad_reply_attribute",
]


@pytest.fixture
def customer(tenant: Tenant) -> dict[str, Any]:
    tenant.device(ip_address=f"{tenant.block(77)}.0/24")
    plan = tenant.plan(bandwidth_limit=10, upload_limit=2, data_limit=5, session_timeout=60)
    return tenant.customer(username="Ann", service_plan_id=plan["id"])


def _login(tenant: Tenant, **fields: Any) -> Any:
    body = {
        "username": "ann",
        "password": "customer123",
        "nas_ip": f"{tenant.block(77)}.9",
    } | fields
    return tenant.machine.post("/api/radius-api/auth", body)


def _explain(tenant: Tenant, customer: dict[str, Any], query: str = "") -> Any:
    return tenant.viewer.get(f"/api/billing/customers/{customer['id']}/explain{query}").data


def test_a_customer_who_may_come_in_gets_the_plans_attributes(tenant: Tenant, customer: dict[str, Any]) -> None:
    explained, login = _explain(tenant, customer), _login(tenant)
    assert (explained["verdict"], explained["code"], login.status) == ("accept", "accept", 200)
    assert [rule["code"] for rule in explained["rules"]] == RULES
    assert all(rule["passed"] for rule in explained["rules"])
    for reply in (explained["reply"], login.data["reply"]):
        assert reply["Mikrotik-Rate-Limit"] == "2M/10M"
        assert reply["Session-Timeout"] == "3600"
        assert int(reply["Mikrotik-Total-Limit"]) + 2**32 * int(reply["Mikrotik-Total-Limit-Gigawords"]) == 5 * 10**9


@pytest.mark.parametrize(
    "code, method, address, body",
    [
        ("suspended", "POST", "/api/billing/customers/{id}/suspend", None),
        ("expired", "PATCH", "/api/billing/customers/{id}", {"expires_at": "2020-01-01T00:00:00Z"}),
        ("mac_mismatch", "PATCH", "/api/billing/customers/{id}", {"mac_address": "02-00-00-00-00-01"}),
        ("isp_suspended", "POST", "/api/isps/{isp}/suspend", None),
    ],
)
def test_what_refuses_on_the_wire_refuses_here(
    tenant: Tenant, customer: dict[str, Any], code: str, method: str, address: str, body: Any
) -> None:
    assert tenant.viewer.get("/api/auth/me").status == 200, "logged in before: a suspended ISP's operators cannot"
    changed = tenant.superadmin.call(method, address.format(id=customer["id"], isp=tenant.id), body)
    assert changed.status == 200, changed
    login = _login(tenant, calling_station_id="02:00:00:00:00:02")
    assert (login.status, login.code) == (403, code)
    explained = _explain(tenant, customer, "?calling_station_id=02:00:00:00:00:02")
    assert (explained["verdict"], explained["code"]) == ("reject", code)
    assert [rule["code"] for rule in explained["rules"] if not rule["passed"]] == [code]
    assert explained["reply"] == {"Reply-Message": login.body["message"]}


@pytest.mark.parametrize(
    "code, fields",
    [
        ("bad_password", {"password": "customer124"}),
        ("unknown_customer", {"username": "nobody"}),
        ("unknown_device", {"nas_ip": "203.0.113.1"}),
    ],
)
def test_a_wrong_login_is_a_403_with_its_code(
    tenant: Tenant, customer: dict[str, Any], code: str, fields: dict[str, Any], rows: Rows
) -> None:
    login = _login(tenant, **fields)
    assert (login.status, login.code) == (403, code)
    stored = rows("select code, username from radpostauth where isp_id = :isp", isp=tenant.id)
    assert stored == [(code, fields.get("username", "ann"))]


@pytest.mark.parametrize("nas_ip", [2130706433, True, None, "", "127.1", "10.0.0.1/24", "host", ["10.0.0.1"], 1.5])
def test_what_is_no_address_is_no_device(tenant: Tenant, customer: dict[str, Any], nas_ip: object) -> None:
    assert set(_login(tenant, nas_ip=nas_ip).data["errors"]) == {"nas_ip"}


def test_a_customer_of_another_tenant_is_nobody_here(tenant: Tenant, other_tenant: Tenant) -> None:
    tenant.device(ip_address=f"{tenant.block(77)}.0/24")
    other_tenant.customer(username="ann")
    assert _login(tenant).code == "unknown_customer"


def test_reports_are_booked_once_however_often_they_come(tenant: Tenant, customer: dict[str, Any], rows: Rows) -> None:
    body = {
        "session_id": "81",
        "username": "ANN",
        "nas_ip": f"{tenant.block(77)}.9",
        "framed_ip": "10.9.0.7",
    }
    reports = [
        ("Start", 0, 0, 0), ("Interim-Update", 60, 2**32 + 5, 7), ("Interim-Update", 60, 2**32 + 5, 7),
        ("Stop", 120, 2**33, 9),
    ]  # fmt: skip
    for status, seconds, upload, download in reports:
        report = {"status_type": status, "session_time": seconds, "input_octets": upload, "output_octets": download}
        booked = tenant.machine.post("/api/radius-api/accounting", body | report)
        assert booked.status == 200, booked
    usage = tenant.viewer.get("/api/billing/reports/usage/Ann").data
    assert (usage["bytes_in"], usage["bytes_out"]) == (2**33, 9)
    assert [session["bytes_in"] for session in usage["sessions"]] == [2**33]
    assert usage["sessions"][0]["stop"] is not None and usage["sessions"][0]["framed_ip"] == "10.9.0.7"
    assert rows("select count(*) from radacct where isp_id = :isp", isp=tenant.id) == [(1,)]
    assert _login(tenant).code == "quota_exceeded"


def test_a_report_of_an_unknown_device_is_refused(tenant: Tenant, customer: dict[str, Any]) -> None:
    body = {"status_type": "Start", "session_id": "1", "username": "ann", "nas_ip": "203.0.113.1"}
    assert tenant.machine.post("/api/radius-api/accounting", body).code == "unknown_device"


def test_the_state_of_the_server(tenant: Tenant, customer: dict[str, Any]) -> None:
    status = tenant.viewer.get("/api/billing/radius/status").data
    assert status["freeradius"]["running"] is False and status["freeradius"]["version"].startswith("3.2.")
    assert (status["online_sessions"], status["spool_depth"]) == (0, 0)
    assert status["directory"] == {"customers": 1, "devices": 1, "age_seconds": None}
