"""A device is no way into our own network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from apiflask import APIFlask

from admin_api import create_app
from admin_api.settings import Settings
from models.network import addresses
from tests.support.caller import Caller, Tenant

INWARD = tuple(
    line.strip()
    for line in """
        127.0.0.1, 127.0.0.0/8, 127.1.2.3, 127.255.255.255, ::1, 0.0.0.0, 0.0.0.0/0, 0.0.0.0/1, 0.1.2.3, ::, ::/0,
        169.254.169.254, 169.254.0.0/16, fe80::1, fe80::/64, 224.0.0.1, 239.1.1.1, 240.0.0.1, 255.255.255.255, ff02::1,
        ::ffff:127.0.0.1, ::ffff:10.0.0.1, ::ffff:7f00:1, ::ffff:0:0/96, ::127.0.0.1, 64:ff9b::7f00:1, 2000::/3,
        64:ff9b::127.0.0.1, 2002:7f00:1::, 2002:7f00:0001::1, 2001::1, fec0::1, ::ffff:0:127.0.0.1, 64.0.0.0/1,
        64:ff9b:1::1, 127.0.0.1/32, 127.128.0.0/9, 126.0.0.0/7, 0.0.0.0/8, 0.0.0.1, 169.254.0.1, 169.254.255.255/32,
        169.254.169.0/24, 168.0.0.0/6, 224.0.0.0/4, 224.0.0.251, 239.255.255.250, 232.1.1.1/32, 255.255.255.254,
        240.0.0.0/4, 248.1.1.1, ::1/128, ::/8, fe80::/10, febf::1, ff00::/8, ff05::1:3, ::ffff:0.0.0.0,
        ::ffff:169.254.169.254, ::ffff:a9fe:a9fe, ::ffff:127.0.0.0/104, ::ffff:224.0.0.1, ::ffff:192.168.0.1, ::/1,
        0:0:0:0:0:ffff:7f00:0001, 0:0:0:0:0:0:0:1, 64:ff9b::a9fe:a9fe, 2002:a9fe:a9fe::1, fe80::1/128
    """.split(",")  # noqa: SIM905  # read as a table
)
INWARD_HOSTS = (
    *(address for address in INWARD if "/" not in address),
    "localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "db.internal", "localhost.localdomain",
    "127.0.0.1.", "127.1", "0x7f000001", "2130706433", "017700000001", "0x7f.1", "0", "127.0.0.1:22", "[::1]",
    "::1%lo", "intranet", "user@127.0.0.1", "http://127.0.0.1", "-a.example.com", "1.2.3.4.5", "example.1",
    "a b.example.com", "127.0.0.1\n", "",
)  # fmt: skip


@pytest.fixture
def strict(settings: Settings, tenant: Tenant) -> Caller:
    """As an installation whose RADIUS listens to the world."""
    app = create_app(replace(settings, loopback_devices=False))
    return Caller(app, tenant.superadmin.headers)


def test_the_lists_are_long_enough() -> None:
    assert len(set(INWARD)) >= 60 and len(set(INWARD_HOSTS)) >= 60


def test_addresses_that_point_inward_are_refused(strict: Caller, tenant: Tenant) -> None:
    """Made with it, and changed to it."""
    own = f"/api/devices/{tenant.device()['id']}"
    for address in INWARD:
        created = strict.post("/api/devices", {"name": "R", "ip_address": address})
        changed = strict.patch(own, {"ip_address": address})
        for answer in (created, changed):
            assert (answer.status, list(answer.data.get("errors", {}))) == (422, ["ip_address"]), address
    assert strict.get("/api/devices").data["total"] == 1


def test_api_hosts_that_point_inward_are_refused(strict: Caller, tenant: Tenant) -> None:
    device = tenant.device()
    for host in INWARD_HOSTS:
        answer = strict.patch(f"/api/devices/{device['id']}", {"api_host": host})
        assert (answer.status, list(answer.data.get("errors", {}))) == (422, ["api_host"]), host
    for host in ("10.0.0.1", "router1.example.com", "2001:db8::1", None):
        assert strict.patch(f"/api/devices/{device['id']}", {"api_host": host}).status == 200, host


def test_loopback_is_a_device_only_while_radius_listens_there(tenant: Tenant, strict: Caller) -> None:
    created = tenant.superadmin.post("/api/devices", {"name": "R", "ip_address": "127.44.0.1"})
    assert created.status == 201 and created.data["ip_address"] == "127.44.0.1"
    for address in ("127.0.0.2", "127.0.0.0/8", "126.0.0.0/7"):
        assert tenant.superadmin.post("/api/devices", {"name": "R", "ip_address": address}).status == 422, address


def test_the_databases_own_address_is_no_device() -> None:
    ours = (addresses.parse_network("10.20.30.40"),)
    for network in ("10.20.30.40", "10.20.0.0/16"):
        with pytest.raises(ValueError, match="not the address of a router"):
            addresses.check_network(addresses.parse_network(network), ours, loopback_allowed=True)


def test_what_a_name_resolves_to_is_checked_again() -> None:
    with pytest.raises(ValueError, match="not the address of a router"):
        addresses.resolved("localhost", 8729, (), loopback_allowed=False)
    assert addresses.resolved("127.0.0.1", 8729, (), loopback_allowed=True) == ["127.0.0.1"]


def test_an_address_belongs_to_one_device_of_one_tenant(app: APIFlask, tenant: Tenant, other_tenant: Tenant) -> None:
    device = tenant.device(ip_address=f"{tenant.block(200)}.0/24")
    for address in (device["ip_address"], f"{tenant.block(200)}.7"):
        for caller in (tenant.superadmin, other_tenant.superadmin):
            answer = caller.post("/api/devices", {"name": "R", "ip_address": address})
            assert (answer.status, answer.code) == (409, "address_taken")
            assert "Router" not in str(answer) and str(tenant.id) not in answer.body["message"]


def test_a_tenant_registers_no_wider_network_than_it_may(app: APIFlask, tenant: Tenant) -> None:
    wide = {"32.0.0.0/3": 3, "10.128.0.0/19": 19, "2001:db8::/47": 47}
    for address in wide:
        answer = tenant.admin.post("/api/devices", {"name": "R", "ip_address": address})
        assert (answer.status, list(answer.data["errors"])) == (422, ["ip_address"]), address
    for address in ("100.64.16.0/20", "2001:db8:77::/48"):
        assert tenant.admin.post("/api/devices", {"name": "R", "ip_address": address}).status == 201, address
    device = tenant.device()
    assert tenant.admin.patch(f"/api/devices/{device['id']}", {"ip_address": "32.0.0.0/3"}).status == 422
    assert tenant.superadmin.post("/api/devices", {"name": "R", "ip_address": "100.80.0.0/14"}).status == 201
