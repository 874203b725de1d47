"""Devices that log in by their MAC address, and customers who may come from one device only; any notation."""

from __future__ import annotations

import pytest

from tests.radius_client import Name, text
from tests.wire.router import proof
from tests.wire.tenant import PASSWORD, Tenant

NOTATIONS = ("AA:BB:CC:0D:EE:0F", "aa-bb-cc-0d-ee-0f", "AABBCC0DEE0F", "aabb.cc0d.ee0f", "aabbcc-0dee0f")
OTHERS = ("AA:BB:CC:0D:EE:0E", "aabbcc0dee0", "aabbcc0dee0f0", "aa:bb:cc:0d:ee", "aa:bb-cc:0d:ee:0f", "")


@pytest.mark.parametrize("protocol", ["PAP", "CHAP"])
@pytest.mark.parametrize("stored", NOTATIONS)
def test_a_mac_address_as_name_and_password_may_come_in_any_notation(
    tenant: Tenant, stored: str, protocol: str
) -> None:
    tenant.customer(stored, stored)
    for name in NOTATIONS:
        for password in (name, NOTATIONS[3], name.upper(), name.lower()):
            assert tenant.router.login(name, proof(protocol, name, password)).accepted, (name, password)
    for other in OTHERS[:5]:
        assert not tenant.router.login(stored, proof(protocol, stored, other)).accepted, other


@pytest.mark.parametrize("protocol", ["PAP", "CHAP"])
def test_a_mac_address_with_a_fixed_word_needs_the_word(tenant: Tenant, protocol: str) -> None:
    tenant.customer(NOTATIONS[0], "hotspot")
    for name in NOTATIONS:
        assert tenant.router.login(name, proof(protocol, name, "hotspot")).accepted, name
    for wrong in (NOTATIONS[0], NOTATIONS[2], "Hotspot"):
        assert not tenant.router.login(NOTATIONS[0], proof(protocol, NOTATIONS[0], wrong)).accepted, wrong


def test_a_mac_address_as_the_password_of_a_name_is_just_a_password(tenant: Tenant) -> None:
    john = tenant.customer("john", NOTATIONS[0])
    assert tenant.login(john).accepted
    for other in NOTATIONS[1:]:
        assert not tenant.login(john, other).accepted, other


@pytest.mark.parametrize("bound", NOTATIONS)
def test_a_customer_bound_to_a_device_is_known_by_it_in_any_notation(tenant: Tenant, bound: str) -> None:
    john = tenant.customer(mac_address=bound)
    for seen in NOTATIONS:
        assert tenant.login(john, mac=seen).accepted, seen
    for other in OTHERS:
        extra = [text(Name.CALLING_STATION_ID, other)]
        assert not tenant.router.login("john", PASSWORD, extra=extra).accepted, other
    rows = tenant.results(len(NOTATIONS) + len(OTHERS))
    assert [row.code for row in rows] == ["accept"] * len(NOTATIONS) + ["mac_mismatch"] * len(OTHERS)
    assert {row.mac for row in rows[: len(NOTATIONS)]} == {NOTATIONS[0]}
