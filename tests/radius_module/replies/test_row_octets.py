"""Rows of operators' own as they travel: the octets that the RFCs have for them, or left to FreeRADIUS."""

from __future__ import annotations

import pytest

from radius_module.replies.access_octets import of_pairs
from radius_module.replies.attribute import encode


@pytest.mark.parametrize(
    ("name", "value", "octets"),
    [
        ("Filter-Id", "staff", "0b077374616666"),
        ("Filter-Id", 'a "b" \\ ä', "0b0c6120226222205c20c3a4"),
        ("Acct-Interim-Interval", "600", "550600000258"),
        ("Service-Type", "Framed-User", "060600000002"),
        ("Framed-IP-Netmask", "255.255.255.0", "0906ffffff00"),
        ("Mikrotik-Group", "full", "1a0c00003a8c030666756c6c"),
        ("Mikrotik-Wireless-Forward", "1", "1a0c00003a8c040600000001"),
        ("DNS-Server-IPv6-Address", "2001:db8::1", "a91220010db8000000000000000000000001"),
        ("Callback-Id", "x", "140378"),
    ],
)
def test_a_row_travels_as_its_type_says(name: str, value: str, octets: str) -> None:
    assert of_pairs([encode(name, ":=", value)]) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Tunnel-Type", "3"),  # has a tag
        ("Tunnel-Password", "secret"),  # is encrypted
        ("USR-Last-Number-Dialed-Out", "1"),  # a vendor with a layout of its own
        ("Framed-IPv6-Prefix", "2001:db8::/64"),  # its length is FreeRADIUS' affair
    ],
)
def test_other_layouts_are_left_to_freeradius(name: str, value: str) -> None:
    row = encode(name, ":=", value)
    assert of_pairs([row]) is None
    assert of_pairs([encode("Filter-Id", ":=", "x"), row]) is None


def test_their_order_is_kept() -> None:
    rows = [encode("Filter-Id", "+=", value) for value in ("one", "two")]
    assert of_pairs(rows) == b"\x0b\x05one\x0b\x05two"
    assert of_pairs([]) == b""
