"""Whatever octets stand in any attribute: an answer, never a false Accept, and in the books what was on the wire."""

from __future__ import annotations

import pytest

from tests.radius_client import MIKROTIK, Name, text, vendor
from tests.radius_client.attributes import Attribute
from tests.wire.results import octets_of
from tests.wire.router import PROTOCOLS, proof
from tests.wire.tenant import PASSWORD, Tenant

OCTETS = {
    "Latin-1": b"Caf\xe9 Z\xfcrich",
    "NUL inside": b"a\0b",
    "NUL alone": b"\0",
    "nothing": b"",
    "the longest": b"\xff" * 253,
    "quotes": b"\"'`\\",
    "an expansion": b"%{User-Password}%{sql:x}",
    "control characters": b"\r\n\t\x1b[2J\x7f",
    "half a character": b"\xf0\x9f\x98",
}
#: Attributes that say who somebody is, prove it, or sign the packet: tested elsewhere.
IDENTITY = {Name.USER_NAME, Name.USER_PASSWORD, Name.CHAP_PASSWORD, Name.MESSAGE_AUTHENTICATOR}
#: EAP-Message must not stand beside a User-Password (RFC 3579 section 2.6.2), and FreeRADIUS drops such packets. Nor
#: does its decoder find the end of a NAS-Filter-Rule of nothing but NUL (3.2.7). No router sends either.
DROPPED = {79, 92}


@pytest.mark.parametrize("kind", OCTETS)
def test_any_octets_in_any_attribute_leave_the_login_as_it_is(tenant: Tenant, kind: str) -> None:
    """Every type there is; for numbers and addresses the length is wrong as well."""
    john = tenant.customer(plan=tenant.plan(simultaneous_use=1000))
    unanswered = []
    for name in set(range(1, 256)) - IDENTITY - DROPPED:
        answer = tenant.router.ask(tenant.router.request("john", PASSWORD, extra=[(name, OCTETS[kind])]), timeout=0.5)
        if answer is None:
            unanswered.append(name)
        else:
            assert answer.accepted, name
    assert unanswered == []
    for name in DROPPED:
        wrong = tenant.router.ask(tenant.router.request("john", "wrong", extra=[(name, OCTETS[kind])]), timeout=0.2)
        assert wrong is None or not wrong.accepted
    assert not tenant.login(john, "wrong").accepted


@pytest.mark.parametrize("octets", OCTETS.values(), ids=OCTETS)
@pytest.mark.parametrize("protocol", ["CHAP", "MS-CHAPv2"])
def test_hostile_neighbours_change_no_proof(tenant: Tenant, octets: bytes, protocol: str) -> None:
    tenant.customer()
    names = (Name.CALLED_STATION_ID, Name.CALLING_STATION_ID, Name.NAS_IDENTIFIER, Name.NAS_PORT_ID, Name.REPLY_MESSAGE)
    extra = [text(name, octets) for name in names]
    assert tenant.router.login("john", proof(protocol, "john", PASSWORD), extra=extra).accepted
    assert not tenant.router.login("john", proof(protocol, "john", "wrong"), extra=extra).accepted


def test_vendors_attributes_may_be_unknown_broken_or_hostile(tenant: Tenant) -> None:
    tenant.customer()
    broken: list[list[Attribute]] = [
        [vendor(MIKROTIK, (number, octets[:200])) for number in (1, 3, 8, 17, 200, 255)] for octets in OCTETS.values()
    ]
    broken += [[(Name.VENDOR_SPECIFIC.value, octets)] for octets in (b"\0", b"\0\0\x3a\x8c", b"\0\0\x3a\x8c\x08\xff1M")]
    broken += [[vendor(number, (1, octets[:200]))] for number in (0, 9, 99999, 1 << 31) for octets in OCTETS.values()]
    for extra in broken:
        assert tenant.router.login("john", PASSWORD, extra=extra).accepted, extra


def test_a_packet_with_200_attributes_is_answered(tenant: Tenant) -> None:
    """As many as FreeRADIUS lets through; what counts may stand last."""
    tenant.customer()
    request = tenant.router.request("john", PASSWORD)
    count = 0
    at = 20
    while at < len(request.octets):
        count, at = count + 1, at + request.octets[at + 1]
    filling = [text(Name.REPLY_MESSAGE, b"\xff\0")] * (200 - count)
    assert tenant.router.login("john", PASSWORD, extra=filling).accepted
    assert not tenant.router.login("john", "wrong", extra=filling).accepted


@pytest.mark.parametrize("octets", OCTETS.values(), ids=OCTETS)
def test_a_station_is_written_down_as_it_was_sent(tenant: Tenant, octets: bytes) -> None:
    tenant.customer()
    assert tenant.router.login("john", PASSWORD, extra=[text(Name.CALLING_STATION_ID, octets)]).accepted
    (row,) = tenant.results(1)
    assert octets_of(row.mac or "") == octets


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_two_names_or_two_passwords_do_not_add_up(tenant: Tenant, protocol: str) -> None:
    """The first User-Name is the name; a second password of another protocol opens nothing."""
    tenant.customer("john")
    tenant.customer("jane", "janes password")
    extra = [(Name.USER_NAME.value, b"john"), (Name.USER_NAME.value, b"jane")]
    assert not tenant.router.login("john", proof(protocol, "john", "janes password"), extra=extra).accepted
