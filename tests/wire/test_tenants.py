"""A tenant is known by the packet's source address and its secret, and by nothing that is written in the packet."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.radius_client import Name, address, text
from tests.wire.router import PROTOCOLS, Router, proof
from tests.wire.system import System
from tests.wire.tenant import Tenant


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_two_tenants_may_both_have_a_john(tenant: Tenant, other_tenant: Tenant, protocol: str) -> None:
    passwords = {tenant: "first-password", other_tenant: "second-password"}
    johns = {
        isp: isp.customer("john", passwords[isp], plan=isp.plan(bandwidth_limit=Decimal(speed)))
        for isp, speed in ((tenant, 10), (other_tenant, 20))
    }
    assert tenant.login(johns[tenant], proof(protocol, "john", "first-password")).rate == "10M/10M"
    assert other_tenant.login(johns[other_tenant], proof(protocol, "john", "second-password")).rate == "20M/20M"
    assert not tenant.login(johns[tenant], proof(protocol, "john", "second-password")).accepted
    assert not other_tenant.login(johns[other_tenant], proof(protocol, "john", "first-password")).accepted
    assert [row.customer_id for row in tenant.results(2)] == [johns[tenant].id] * 2
    assert [row.customer_id for row in other_tenant.results(2)] == [johns[other_tenant].id] * 2


def test_what_a_router_says_about_itself_makes_it_no_other(tenant: Tenant, other_tenant: Tenant) -> None:
    """NAS-IP-Address and NAS-Identifier are set by whoever owns the router."""
    tenant.customer("john", "first-password")
    other_tenant.customer("john", "second-password")
    name = other_tenant.router.address
    claims = [address(Name.NAS_IP_ADDRESS, name), text(Name.NAS_IDENTIFIER, name)]
    assert not tenant.router.login("john", "second-password", extra=claims).accepted
    assert tenant.router.login("john", "first-password", extra=claims).accepted
    assert {row.nas_address for row in tenant.results(2)} == {tenant.router.address}


def test_a_customer_of_another_tenant_is_unknown(tenant: Tenant, other_tenant: Tenant) -> None:
    jane = other_tenant.customer("jane")
    assert not tenant.login(jane).accepted
    assert tenant.codes(1) == ["unknown_customer"]


def test_an_unknown_source_gets_no_answer(system: System, tenant: Tenant) -> None:
    tenant.customer()
    stranger = Router(system, 0, system.new_address(), tenant.router.secret.decode())
    assert stranger.ignored(stranger.request("john", "customer123"))
    assert tenant.router.login("john", "customer123").accepted


def test_a_router_that_stands_for_a_network_answers_for_all_of_it(system: System, tenant: Tenant) -> None:
    number = system.number()
    network = tenant.add_router(address=f"127.200.{number // 250}.{number % 250 // 4 * 4}/30")
    inside = network.address.removesuffix("/30").rpartition(".")
    tenant.customer()
    last = Router(system, network.device_id, f"{inside[0]}.{int(inside[2]) + 3}", network.secret.decode())
    assert last.login("john", "customer123").accepted
    outside = Router(system, network.device_id, f"{inside[0]}.{int(inside[2]) + 4}", network.secret.decode())
    assert outside.ignored(outside.request("john", "customer123"))
