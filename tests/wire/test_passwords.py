"""Passwords with every character that something on the way could take for a command, by every protocol."""

from __future__ import annotations

import pytest

from tests.radius_client import Pap
from tests.wire.router import PROTOCOLS, proof
from tests.wire.tenant import Tenant

#: A password → what would be accepted instead if somebody unescaped, expanded or cut it.
PASSWORDS = {
    "back\\slash": ("backslash", "back\\\\slash"),
    "a\\new\\tab\\\\two": ("a\new\tab\\two", "anewtab\\two"),
    "ends in a backslash\\": ("ends in a backslash", "", "ends in a backslash\\\\"),
    "\\": ("", "\\\\"),
    "\\x41\\101": ("AA", "\x41\\101"),
    'double"quoted"': ("double", 'double\\"quoted\\"', "doublequoted"),
    '"': ("", '""'),
    "'single'": ("single", "\\'single\\'"),
    "`id`": ("id", ""),
    "%{User-Name}": ("john", "", "%{user-name}"),
    "%{control:Cleartext-Password}": ("", "%"),
    "100%%": ("100%", "100"),
    "0x6162": ("ab", "0X6162"),
    "{clear}abc": ("abc",),
    "grüße-ключ-密码": ("grusse-ключ-密码", "GRÜSSE-КЛЮЧ-密码"),
    "beyond the plane 😀": ("beyond the plane ", "beyond the plane ?"),
    " spaces around ": ("spaces around", " spaces around"),
    "tab\tand\nnew line": ("tab", "tab\\tand\\nnew line"),
    "x": ("xx", "X"),
    "=": (":=", ""),
    "p" * 128: ("p" * 127, "p" * 129),
    "ü" * 64: ("ü" * 63, "ü" * 63 + "u"),
}


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_is_its_octets_and_nothing_else(tenant: Tenant, password: str) -> None:
    john = tenant.customer(password=password)
    for protocol in PROTOCOLS:
        assert tenant.login(john, proof(protocol, "john", password)).accepted, protocol
    for number, other in enumerate(PASSWORDS[password]):
        jack = tenant.customer(f"jack{number}", password=password)
        for protocol in PROTOCOLS:
            assert not tenant.login(jack, proof(protocol, jack.username, other)).accepted, (protocol, other)


def test_a_password_is_not_cut_at_a_nul_and_not_repaired(tenant: Tenant) -> None:
    john, jack = tenant.customer(password="secret"), tenant.customer("jack", password="grüße")
    for octets in (b"secret\0junk", b"\0secret", b"sec\0ret", b"secret\xff", b"\0"):
        assert not tenant.login(john, Pap(octets)).accepted, octets
    for octets in ("grüße".encode("cp437"), "grüße".encode("utf-16-le"), "grüße".encode()[:-1], b"gr??e"):
        assert not tenant.login(jack, Pap(octets)).accepted, octets


def test_a_password_that_is_exactly_a_multiple_of_the_block_is_whole(tenant: Tenant) -> None:
    for length in (15, 16, 17, 32, 127):
        john = tenant.customer(f"john{length}", password="z" * length)
        assert tenant.login(john).accepted
        assert not tenant.login(john, "z" * (length - 1)).accepted
