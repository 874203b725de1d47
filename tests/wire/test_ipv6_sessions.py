"""IPv6 in accounting: addresses, prefixes and interface id are booked as the device reports them."""

from __future__ import annotations

import ipaddress

import pytest

from tests.radius_client import AcctStatus, Attribute, Growth, Visit, accounting_attributes
from tests.wire.tenant import Tenant
from tests.wire.test_accounting import booked, eventually, send

INTERFACE_ID, PREFIX, DELEGATED, ADDRESS = 96, 97, 123, 168
COLUMNS = "host(framedipv6address), framedipv6prefix::text, framedinterfaceid, delegatedipv6prefix::text"


def prefix(kind: int, text: str) -> Attribute:
    """RFC 3162 section 2.3: reserved, length, as many octets as it takes."""
    network = ipaddress.IPv6Network(text)
    octets = network.network_address.packed[: -(-network.prefixlen // 8)]
    return kind, bytes((0, network.prefixlen)) + octets


def address(text: str) -> Attribute:
    return ADDRESS, ipaddress.IPv6Address(text).packed


def packet(tenant: Tenant, status: AcctStatus, more: list[Attribute], growth: Growth | None = None) -> bool:
    visit = Visit("john", "80f00001", nas_address=tenant.router.address)
    return send(tenant.router, [*accounting_attributes(visit, status, growth), *more])


ALL = [address("2001:db8::7"), prefix(PREFIX, "2001:db8:0:1::/64"), (INTERFACE_ID, bytes.fromhex("020000fffe000001")),
       prefix(DELEGATED, "2001:db8:9::/48")]  # fmt: skip
AS_BOOKED = ("2001:db8::7", "2001:db8:0:1::/64", "200:ff:fe00:1", "2001:db8:9::/48")


def test_all_of_them_are_booked(tenant: Tenant) -> None:
    tenant.customer()
    assert packet(tenant, AcctStatus.START, ALL)
    eventually(lambda: booked(tenant.system, tenant.isp_id, COLUMNS), [AS_BOOKED])


def test_what_comes_with_a_later_packet_is_added_and_nothing_is_lost(tenant: Tenant) -> None:
    """RouterOS learns of a delegated prefix after the Start."""
    tenant.customer()
    assert packet(tenant, AcctStatus.START, [])
    assert packet(tenant, AcctStatus.INTERIM_UPDATE, ALL[:1], Growth(seconds=9))
    assert packet(tenant, AcctStatus.INTERIM_UPDATE, ALL[1:], Growth(seconds=20, octets_in=5))
    assert packet(tenant, AcctStatus.STOP, [], Growth(seconds=30, octets_in=9))
    eventually(lambda: booked(tenant.system, tenant.isp_id, COLUMNS + ", acctinputoctets"), [(*AS_BOOKED, 9)])


@pytest.mark.parametrize(
    ("attribute", "row"),
    [
        (prefix(DELEGATED, "::/0"), (None, None, None, "::/0")),
        (prefix(PREFIX, "2001:db8:0:1:2:3:4:5/128"), (None, "2001:db8:0:1:2:3:4:5/128", None, None)),
        (prefix(PREFIX, "fe80::/10"), (None, "fe80::/10", None, None)),
        (address("::ffff:10.0.0.1"), ("::ffff:10.0.0.1", None, None, None)),
        ((INTERFACE_ID, bytes(8)), (None, None, "0:0:0:0", None)),
        ((INTERFACE_ID, b"\xff" * 8), (None, None, "ffff:ffff:ffff:ffff", None)),
    ],
    ids=str,
)
def test_values_at_their_limits(tenant: Tenant, attribute: Attribute, row: tuple[str | None, ...]) -> None:
    tenant.customer()
    assert packet(tenant, AcctStatus.START, [attribute])
    eventually(lambda: [_bare(values) for values in booked(tenant.system, tenant.isp_id, COLUMNS)], [_bare(row)])


def _bare(values: tuple[str | None, ...]) -> list[str | None]:
    """PostgreSQL leaves out the length of a whole address."""
    return [value and value.removesuffix("/128") for value in values]


@pytest.mark.parametrize(
    "attribute",
    [(ADDRESS, b"\x20\x01"), (ADDRESS, bytes(17)), (PREFIX, b"\x00\x81" + bytes(16)), (PREFIX, b"\x00"),
     (INTERFACE_ID, b"\x01"), (DELEGATED, b"\x00\x40\xff")],
    ids=str,
)  # fmt: skip
def test_what_is_no_such_value_keeps_no_packet_from_being_booked(tenant: Tenant, attribute: Attribute) -> None:
    tenant.customer()
    assert packet(tenant, AcctStatus.START, [attribute])
    eventually(lambda: booked(tenant.system, tenant.isp_id, "acctsessionid"), [("80f00001",)])
