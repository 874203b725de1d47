"""How many of a customer's devices may be online at once, from the Accept on (the minute: tests of radius_module)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.wire.router import PROTOCOLS, Answer, proof
from tests.wire.system import System
from tests.wire.tenant import PASSWORD, Tenant

MACS = [f"02:00:00:00:00:{number:02X}" for number in range(10, 20)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_accept_takes_a_place_before_any_start(tenant: Tenant, protocol: str) -> None:
    john = tenant.on_plan(simultaneous_use=2)
    answers = [tenant.login(john, proof(protocol, "john", PASSWORD), mac=mac) for mac in MACS[:4]]
    assert [answer.accepted for answer in answers] == [True, True, False, False]
    assert tenant.codes(4)[2:] == ["too_many_sessions"] * 2


def test_the_same_device_takes_its_own_place_over(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=1)
    for mac in (MACS[0], MACS[0], MACS[0].lower().replace(":", "-")):
        assert tenant.login(john, mac=mac).accepted
    assert not tenant.login(john, mac=MACS[1]).accepted
    tenant.is_online(john, MACS[0])
    assert tenant.login(john, mac=MACS[0]).accepted
    assert not tenant.login(john, mac=MACS[1]).accepted


def test_a_session_and_its_place_count_once(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=2)
    assert tenant.login(john, mac=MACS[0]).accepted
    tenant.is_online(john, MACS[0])
    assert tenant.login(john, mac=MACS[1]).accepted
    assert not tenant.login(john, mac=MACS[2]).accepted


def test_sessions_that_ended_give_their_places_back(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=2)
    for number, mac in enumerate(MACS[:2]):
        tenant.is_online(john, mac, session_id=f"80f0000{number}")
    assert not tenant.login(john, mac=MACS[2]).accepted
    tenant.goes_offline(john)
    assert tenant.login(john, mac=MACS[2]).accepted


def test_a_plan_may_let_the_newcomer_in(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=1, on_too_many="replace_oldest")
    assert all(tenant.login(john, mac=mac).accepted for mac in MACS[:3])


def test_refusals_take_no_place(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=1)
    for protocol in PROTOCOLS:
        assert not tenant.login(john, proof(protocol, "john", "wrong"), mac=MACS[0]).accepted
    assert tenant.login(john, mac=MACS[1]).accepted


def test_the_same_name_of_another_tenant_has_places_of_its_own(tenant: Tenant, other_tenant: Tenant) -> None:
    john, other = tenant.on_plan(simultaneous_use=1), other_tenant.on_plan(simultaneous_use=1)
    assert tenant.login(john, mac=MACS[0]).accepted
    other_tenant.is_online(other, MACS[1])
    assert tenant.login(john, mac=MACS[0]).accepted
    assert not other_tenant.login(other, mac=MACS[0]).accepted


def test_a_change_of_the_plan_counts_for_the_next_login(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=1, bandwidth_limit=Decimal(3))
    assert tenant.login(john, mac=MACS[0]).accepted
    assert not tenant.login(john, mac=MACS[1]).accepted
    tenant.system.sql("update service_plans set simultaneous_use = 2 where isp_id = :isp", isp=tenant.isp_id)
    assert tenant.login(john, mac=MACS[1]).accepted


def test_the_probe_leaves_no_place_and_no_result(system: System) -> None:
    """It logs the demo customer in, whose plan has one place."""
    for mac in MACS[:3]:
        reply = system.probe(mac)
        assert reply is not None and Answer(reply).accepted
    later = Tenant(system)
    later.login(later.customer())
    later.results(1)
    assert system.sql(
        "select username, code, device_id from radpostauth where nasipaddress = '127.0.0.2' and isp_id = :isp",
        isp=system.demo["isp"]["id"],
    ) == []  # fmt: skip
