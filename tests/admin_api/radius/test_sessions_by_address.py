"""Sessions by the address they had: IPv4, IPv6, prefixes of their own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.caller import Tenant

SESSIONS = {
    "v4": {"framed_ip": "10.9.0.7"},
    "v4 beside": {"framed_ip": "10.9.0.70"},
    "v6": {"framed_ipv6": "2001:db8::7"},
    "prefix": {"framed_ipv6_prefix": "2001:db8:0:1::/64", "framed_ip": "10.9.1.1"},
    "delegated": {"delegated_ipv6_prefix": "2001:db8:9::/48"},
}


@pytest.fixture
def online(tenant: Tenant) -> Tenant:
    tenant.device(ip_address=f"{tenant.block(77)}.0/24")
    for name, fields in SESSIONS.items():
        tenant.customer(username=name)
        body: dict[str, Any] = {"status_type": "Start", "session_id": name, "username": name}
        body["nas_ip"] = f"{tenant.block(77)}.9"
        assert tenant.machine.post("/api/radius-api/accounting", body | fields).status == 200
    return tenant


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("10.9.0.7", {"v4"}),
        ("10.9.0.8", set()),
        ("10.9.0.0/24", {"v4", "v4 beside"}),
        ("10.9.0.0/16", {"v4", "v4 beside", "prefix"}),
        ("2001:db8::7", {"v6"}),
        ("2001:DB8:0:0::7", {"v6"}),
        ("2001:db8:0:1:200:ff:fe00:1", {"prefix"}),
        ("2001:db8:9:ff::1", {"delegated"}),
        ("2001:db8:9:ff::/64", {"delegated"}),
        ("2001:db8::/32", {"v6", "prefix", "delegated"}),
        ("2001:db9::1", set()),
        ("::/0", {"v6", "prefix", "delegated"}),
    ],
)
def test_a_session_is_found_by_its_address(online: Tenant, wanted: str, names: set[str]) -> None:
    items = online.viewer.get(f"/api/billing/sessions?framed_ip={wanted}").data["items"]
    assert {item["username"] for item in items} == names


@pytest.mark.parametrize("wanted", ["10.9.0", "10.9.0.7/24", "host", "2001:db8::7/32", "10.9.0.7%20or", "999.1.1.1"])
def test_what_is_no_address_is_refused(online: Tenant, wanted: str) -> None:
    answer = online.viewer.get(f"/api/billing/sessions?framed_ip={wanted}")
    assert (answer.status, set(answer.data["errors"])) == (422, {"framed_ip"})


FIELDS = ("framed_ip", "framed_ipv6", "framed_ipv6_prefix", "delegated_ipv6_prefix", "framed_interface_id")
SHOWN = {
    "v4": ("10.9.0.7", None, None, None, None),
    "v4 beside": ("10.9.0.70", None, None, None, None),
    "v6": (None, "2001:db8::7", None, None, None),
    "prefix": ("10.9.1.1", None, "2001:db8:0:1::/64", None, None),
    "delegated": (None, None, None, "2001:db8:9::/48", None),
}


def test_they_are_shown(online: Tenant) -> None:
    items = online.viewer.get("/api/billing/sessions").data["items"]
    assert {item["username"]: tuple(item[field] for field in FIELDS) for item in items} == SHOWN


def test_a_customers_report_shows_them_too(online: Tenant) -> None:
    for name, addresses in SHOWN.items():
        [session] = online.viewer.get(f"/api/billing/reports/usage/{name}").data["sessions"]
        assert tuple(session[field] for field in FIELDS) == addresses


def test_another_tenants_sessions_are_not_found(online: Tenant, other_tenant: Tenant) -> None:
    assert other_tenant.viewer.get("/api/billing/sessions?framed_ip=10.9.0.7").data["items"] == []


def test_past_sessions_are_found_too(online: Tenant) -> None:
    stop = {"status_type": "Stop", "session_id": "v6", "username": "v6", "nas_ip": f"{online.block(77)}.9"}
    assert online.machine.post("/api/radius-api/accounting", stop).status == 200
    found = online.viewer.get("/api/billing/sessions?status=past&framed_ip=2001:db8::7").data["items"]
    assert [item["session_id"] for item in found] == ["v6"]
