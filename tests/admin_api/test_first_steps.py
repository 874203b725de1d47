"""A new tenant from nothing, with the bodies that users' scripts send, in the order of the first guide.

Beside a FreeRADIUS that runs; each answer has the fields that were promised, of the kind that was promised.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask

from tests.support.caller import Answer, Caller, Tenant
from tests.support.page import HOME, Shell, sections
from tests.wire.system import System
from tests.wire.test_accounting import eventually

Kind = Callable[[Any], bool]


def a(*kinds: type) -> Kind:
    return lambda value: type(value) in kinds


def moment(value: Any) -> bool:
    """RFC 3339, UTC."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value), value
    return datetime.fromisoformat(value).tzinfo is not None


def day(value: Any) -> bool:
    return date.fromisoformat(value).isoformat() == value


def money(value: Any) -> bool:
    return isinstance(value, str) and Decimal(value) >= 0 and value == f"{Decimal(value):.2f}"


def secret(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= 32


def address(value: Any) -> bool:
    return bool(ip_network(value)) and str(value) == str(value).strip()


def or_null(kind: Kind) -> Kind:
    return lambda value: value is None or kind(value)


def items(kind: dict[str, Kind]) -> Kind:
    return lambda value: isinstance(value, list) and all(has(item, kind) is None for item in value)


text, whole, number, flag = a(str), a(int), a(int, float), a(bool)
ISP: dict[str, Kind] = {
    "id": whole, "name": text, "company_name": or_null(text), "email": or_null(text), "timezone": text,
    "currency": text, "status": text, "max_stale_hours": whole, "retention_months": whole, "credential_storage": text,
    "login_retention_months": or_null(whole), "audit_retention_months": whole, "request_retention_days": whole,
    "quarantine_retention_days": whole,
    "created_at": moment, "updated_at": moment,
}  # fmt: skip
DEVICE: dict[str, Kind] = {
    "id": whole, "isp_id": whole, "name": text, "ip_address": address, "require_message_authenticator": flag,
    "octets_reversed": flag, "coa_port": whole, "api_host": or_null(text), "api_port": whole,
    "api_username": or_null(text), "api_tls": flag, "api_fingerprint": or_null(text), "status": text,
    "last_seen_at": or_null(moment),
    "unsigned_requests": whole, "unsigned_last_at": or_null(moment), "coa": a(list),
    "created_at": moment, "updated_at": moment,
}  # fmt: skip
PLAN: dict[str, Kind] = {
    "id": whole, "isp_id": whole, "name": text, "description": or_null(text), "price": money,
    "bandwidth_limit": or_null(number), "upload_limit": or_null(number), "data_limit": or_null(number),
    "data_limit_bytes": or_null(whole), "session_timeout": or_null(whole), "idle_timeout": or_null(whole),
    "validity_days": or_null(whole), "validity_months": or_null(whole), "simultaneous_use": whole, "on_too_many": text,
    "over_limit": text, "throttle_bandwidth": or_null(number), "address_pool": or_null(text), "clock": text,
    "hours": or_null(a(list)), "time_limit": or_null(whole), "is_active": flag,
    "created_at": moment, "updated_at": moment,
}  # fmt: skip
CUSTOMER: dict[str, Kind] = {
    "id": whole, "isp_id": whole, "full_name": or_null(text), "email": or_null(text), "phone": or_null(text),
    "address": or_null(text), "service_plan_id": or_null(whole), "username": text, "status": text,
    "expires_at": or_null(moment), "not_started": flag, "static_ip": or_null(address),
    "mac_address": or_null(text), "used_bytes": whole,
    "remaining_bytes": or_null(whole), "uncounted_bytes": whole, "used_seconds": whole,
    "remaining_seconds": or_null(whole), "credential_storage": or_null(text),
    "created_at": moment, "updated_at": moment,
    "billing": text, "auto_renew": flag, "pay_reference": text, "tax_id": or_null(text), "language": or_null(text),
    "credit_limit": or_null(money), "suspended_for": or_null(text), "next_service_plan_id": or_null(whole),
}  # fmt: skip
DAY: dict[str, Kind] = {"date": day, "bytes_in": whole, "bytes_out": whole}
SESSION: dict[str, Kind] = {
    "start": moment, "stop": or_null(moment), "bytes_in": whole, "bytes_out": whole, "framed_ip": or_null(address),
    "framed_ipv6": or_null(address), "framed_ipv6_prefix": or_null(text), "delegated_ipv6_prefix": or_null(text),
    "framed_interface_id": or_null(text), "calling_station_id": or_null(text), "device": or_null(text),
}  # fmt: skip
USAGE: dict[str, Kind] = {
    "username": text, "bytes_in": whole, "bytes_out": whole, "total_bytes": whole, "data_limit_bytes": or_null(whole),
    "remaining_bytes": or_null(whole), "uncounted_bytes": whole, "used_seconds": whole,
    "remaining_seconds": or_null(whole), "period_start": moment, "period_end": moment, "daily": items(DAY),
    "sessions": items(SESSION),
}  # fmt: skip
STATUS: dict[str, Kind] = {
    "freeradius": lambda value: set(value) == {"running", "version"} and value["running"] is True,
    "online_sessions": whole, "spool_depth": whole, "last_accounting_at": or_null(moment),
    "directory": lambda value: set(value) == {"customers", "devices", "age_seconds"} and value["age_seconds"] < 10,
}  # fmt: skip
EXPLAINED: dict[str, Kind] = {
    "verdict": text, "code": text, "device_id": or_null(whole), "calling_station_id": a(str), "reply": a(dict),
    "rules": items({"code": text, "passed": flag, "text": text, "facts": a(dict)}),
}  # fmt: skip


def has(shown: dict[str, Any], kinds: dict[str, Kind]) -> None:
    """Just these fields, each of its kind."""
    assert set(shown) == set(kinds), set(shown) ^ set(kinds)
    wrong = {name: shown[name] for name, kind in kinds.items() if not kind(shown[name])}
    assert not wrong, wrong


def created(answer: Answer, kinds: dict[str, Kind]) -> dict[str, Any]:
    assert answer.status == 201, answer
    has(answer.data, kinds)
    data: dict[str, Any] = answer.data
    return data


def test_the_first_guide_from_a_new_isp_to_its_first_report(
    running_app: APIFlask, operator: Caller, system: System
) -> None:
    isp = created(operator.post("/api/isps", {
        "name": "My ISP", "company_name": "My Company Ltd", "email": "admin@myisp.com", "api_key": "auto-generated",
        "radius_secret": "auto-generated",
    }), ISP | {"api_key": secret, "radius_secret": secret})  # fmt: skip
    inside, machine = operator.inside(isp["id"]), Caller(running_app, {"X-API-Key": isp["api_key"]})
    router = system.new_address()
    device = created(inside.post("/api/devices", {"name": "Roof", "ip_address": router}),
                     DEVICE | {"radius_secret": secret})  # fmt: skip
    assert ip_address(device["ip_address"]) == ip_address(router)
    plan = created(inside.post("/api/billing/plans", {
        "name": "Basic Plan", "description": "10 Mbps", "price": 29.99, "bandwidth_limit": 10, "data_limit": 100,
        "session_timeout": 1440,
    }), PLAN)  # fmt: skip
    assert (plan["price"], plan["bandwidth_limit"], plan["data_limit"]) == ("29.99", 10, 100)
    assert (plan["data_limit_bytes"], plan["validity_days"], plan["simultaneous_use"]) == (100 * 10**9, 30, 1)
    customer = created(machine.post("/api/billing/customers", {
        "full_name": "John Doe", "email": "john@example.com", "phone": "+1234567890", "address": "123 Main St",
        "service_plan_id": plan["id"], "password": "customer123",
    }), CUSTOMER)  # fmt: skip
    assert (customer["username"], customer["status"]) == ("john@example.com", "active")
    assert (customer["used_bytes"], customer["remaining_bytes"]) == (0, 100 * 10**9)
    ahead = datetime.fromisoformat(customer["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < ahead < timedelta(days=31)
    _log_in_and_report(machine, router)
    _suspend_and_activate(machine, customer["id"], router)
    status = machine.get("/api/billing/radius/status").data
    has(status, STATUS)
    assert status["directory"]["customers"] == status["directory"]["devices"] == 1
    has(machine.get(f"/api/billing/customers/{customer['id']}/explain").data, EXPLAINED)
    for base, kinds in (("/api/isps", ISP), ("/api/devices", DEVICE), ("/api/billing/plans", PLAN),
                        ("/api/billing/customers", CUSTOMER)):  # fmt: skip
        page = machine.get(base).data
        assert set(page) == {"items", "page", "per_page", "total", "pages"} and page["total"] == 1
        has(page["items"][0], kinds)


def _log_in_and_report(machine: Caller, router: str) -> None:
    """The wire's routes over HTTP; in the report within two seconds."""
    login = machine.post(
        "/api/radius-api/auth", {"username": "john@example.com", "password": "customer123", "nas_ip": router}
    )
    assert login.status == 200 and login.data["reply"]["Mikrotik-Rate-Limit"] == "10M/10M", login
    assert login.data["reply"]["Session-Timeout"] == "86400"
    session = {"session_id": "81", "username": "john@example.com", "nas_ip": router, "framed_ip": "10.9.0.7",
               "calling_station_id": "02:00:00:00:00:01"}  # fmt: skip
    for status, seconds, octets in (("Start", 0, 0), ("Interim-Update", 60, 2**33), ("Stop", 120, 2**34)):
        report = {"status_type": status, "session_time": seconds, "input_octets": octets, "output_octets": octets + 1}
        assert machine.post("/api/radius-api/accounting", session | report).status == 200
    begun = time.monotonic()
    report = "/api/billing/reports/usage/john@example.com"
    eventually(lambda: machine.get(report).data["total_bytes"], 2**35 + 1, 2)
    assert time.monotonic() - begun < 2
    usage = machine.get(report).data
    has(usage, USAGE)
    assert (usage["bytes_in"], usage["bytes_out"]) == (2**34, 2**34 + 1)
    assert usage["remaining_bytes"] == 100 * 10**9 - 2**35 - 1
    assert len(usage["sessions"]) == len(usage["daily"]) == 1


def _suspend_and_activate(machine: Caller, customer_id: int, router: str) -> None:
    wanted = {"username": "john@example.com", "password": "customer123", "nas_ip": router}
    for action, status, code in (("suspend", "suspended", "suspended"), ("activate", "active", "accept")):
        answer = machine.post(f"/api/billing/customers/{customer_id}/{action}")
        has(answer.data, CUSTOMER)
        assert answer.data["status"] == status
        assert machine.post("/api/radius-api/auth", wanted).data["code"] == code


def test_every_kind_of_row_is_created_listed_read_changed_and_deleted(tenant: Tenant) -> None:
    plan, device, customer = tenant.plan(), tenant.device(), tenant.customer()
    for base, created, change in (
        ("/api/billing/plans", plan, {"price": "12.50"}),
        ("/api/devices", device, {"name": "Roof"}),
        ("/api/billing/customers", customer, {"phone": "+254"}),
    ):
        own = f"{base}/{created['id']}"
        assert [row["id"] for row in tenant.superadmin.get(base).data["items"]] == [created["id"]]
        assert tenant.superadmin.get(own).status == 200
        for method in ("PUT", "PATCH"):
            changed = tenant.superadmin.call(method, own, change)
            assert changed.status == 200 and change.items() <= changed.data.items()
        assert tenant.superadmin.delete(own).status == 200
        assert tenant.superadmin.get(own).status == 404


@pytest.mark.long
def test_the_commands_of_the_api_guide_work_as_they_are_printed(system: System, tmp_path: Path) -> None:
    """By curl, against gunicorn, in a shell; put in are this installation's port and an address of its own."""
    installation, number = system.installation, system.number()
    installation.start("api")
    settings = installation.settings
    [first] = [section for section in sections(HOME / "docs" / "api.md") if section.title == "First steps"]
    variables = {"STATE_DIR": str(settings.state_dir), "API_PORT": str(settings.api_port)}
    (tmp_path / ".venv").symlink_to(settings.venv)
    with Shell(tmp_path, variables | {"PATH": os.environ["PATH"]}, "set -e") as shell:
        lines = first.blocks[0].replace("http://127.0.0.1:5000", settings.api_base)
        said = shell.run(lines.replace("10.1.0.1", f"10.99.{number // 250}.{number % 250}"))
    assert said.count('"ok":true') + said.count('"ok": true') == 3, said
    assert '"Mikrotik-Rate-Limit"' in said
