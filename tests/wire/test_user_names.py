"""User names with every character that something on the way could take for a command; names in other case."""

from __future__ import annotations

import pytest

from tests.radius_client import MsChap2, Pap, check_mschap2_success
from tests.wire.results import octets_of
from tests.wire.router import PROTOCOLS, proof
from tests.wire.tenant import PASSWORD, Tenant

NAMES = (
    "o'brien", 'jo"hn"', "'; drop table customers; --", "%{User-Name}", "%{control:Cleartext-Password}", "100%",
    "0x6a6f686e", "john@example.com", "room 12, second floor", "=john", "john,jane", "`id`", "${john}", "{john}",
    "иван@почта.рф", "jürgen.groß", "用户", "😀", "x", "n" * 253, "ü" * 126 + "n",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_its_characters_and_nothing_else(tenant: Tenant, name: str) -> None:
    tenant.customer("john", "another password")
    somebody = tenant.customer(name)
    for protocol in PROTOCOLS:
        assert tenant.login(somebody, proof(protocol, name, PASSWORD)).accepted, protocol
    assert not tenant.router.login("john", PASSWORD).accepted
    rows = tenant.results(len(PROTOCOLS) + 1)
    assert [(row.username, row.customer_id) for row in rows[:-1]] == [(name, somebody.id)] * len(PROTOCOLS)


def test_names_that_only_look_like_john_are_not_john(tenant: Tenant) -> None:
    tenant.customer("john")
    cyrillic = "j\u043ehn"
    others = ("0x6a6f686e", "john\0", "john\0evil", "\0john", "john ", " john", "john\\", "\\john", '"john"', cyrillic)
    for name in others:
        assert not tenant.router.login(name, PASSWORD).accepted, name
    assert set(tenant.codes(10)) == {"unknown_customer"}


@pytest.mark.parametrize(
    ("stored", "sent"),
    [("John", "jOHN"), ("JOHN@EXAMPLE.COM", "john@example.com"), ("Jürgen", "JÜRGEN"), ("ИВАН", "иван")],
)
def test_case_does_not_matter(tenant: Tenant, stored: str, sent: str) -> None:
    tenant.customer(stored)
    for protocol in PROTOCOLS:
        assert tenant.router.login(sent, proof(protocol, sent, PASSWORD)).accepted, protocol


def test_a_backslash_in_a_name_is_a_domain_to_mschapv2_and_a_character_to_all_others(tenant: Tenant) -> None:
    """The peer proves the name without its domain (RFC 2759 section 8.2)."""
    tenant.customer("ACME\\john")
    for protocol in PROTOCOLS[:-1]:
        assert tenant.router.login("ACME\\john", proof(protocol, "", PASSWORD)).accepted, protocol
    credential = MsChap2(b"john", PASSWORD)
    check_mschap2_success(tenant.router.login("ACME\\john", credential).reply, credential)
    assert not tenant.router.login("john", PASSWORD).accepted


@pytest.mark.parametrize("name", [b"jos\xe9", b"john\xff", b"\xff\xfe", b"j\xc3", b"john\0", b"\0", b"a\nb\tc\x7f"])
def test_a_name_of_hostile_octets_is_refused_and_written_down_as_it_came(tenant: Tenant, name: bytes) -> None:
    for known in ("jos", "john", "j", "josé", "a", "abc"):
        tenant.customer(known)
    for protocol in PROTOCOLS:
        assert not tenant.router.login(name, proof(protocol, name, PASSWORD)).accepted, protocol
    (written,) = {row.username for row in tenant.results(len(PROTOCOLS))}
    assert octets_of(written) == name


def test_a_name_is_missing_or_empty(tenant: Tenant) -> None:
    tenant.customer("john")
    assert not tenant.router.login(b"", Pap(PASSWORD.encode())).accepted
    assert [(row.username, row.code) for row in tenant.results(1)] == [("", "unknown_customer")]
