"""Pairs of FreeRADIUS → records: the bytes on the wire survive, and a line that is not whole is no request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius_module.packets.accounting_request import accounting_request
from radius_module.packets.wire_line import MalformedRequest
from radius_module.replies.accounting_response import ReplyTo
from tests.support.words_made import Pairs, accounting_pairs, in_hex

HOSTILE = (
    b"", b"alice\0evil", b"\xff\xfe\x00", "käse".encode("latin-1"), b'"', b"\\", b"a b . c", b"0x6a", b"%{User-Name}",
    b"\r\n", bytes(range(256))[:253], b"x" * 253, b".",
)  # fmt: skip
NOW = 1_773_144_000.25
OCTETS = {"Acct-Session-Id": "session_id", "Class": "klass", "User-Name": "username", "NAS-Port-Id": "nas_port_id",
          "Called-Station-Id": "called"}  # fmt: skip


def test_a_record_in_full() -> None:
    more = (
        ("Acct-Session-Time", "60"), ("Acct-Input-Octets", "1"), ("Acct-Input-Gigawords", "2"),
        ("Acct-Output-Octets", "3"), ("Acct-Output-Gigawords", "4"), ("Acct-Delay-Time", "5"),
        ("Acct-Terminate-Cause", "Lost-Carrier"), ("Event-Timestamp", "1773143999"), ("NAS-Port-Type", "Ethernet"),
        ("Framed-IP-Address", "10.0.0.2"), ("Framed-IPv6-Prefix", "fd00::/64"), ("Delegated-IPv6-Prefix", "fd01::/56"),
    )  # fmt: skip
    record, reply_to = accounting_request(accounting_pairs(status="Stop", more=more), NOW)
    assert (record.status, record.isp_id, record.device_id, record.received) == ("Stop", 7, 70, NOW)
    assert (record.session_time, record.delay, record.router_time) == (60, 5, 1773143999)
    assert (record.octets_in, record.octets_out) == (1 + 2 * 2**32, 3 + 4 * 2**32)
    assert (record.session_id, record.username, record.cause) == (b"80f00001", b"john", "Lost-Carrier")
    assert (record.nas_address, record.nas_port_type) == ("10.1.1.1", "Ethernet")
    assert (record.framed_address, record.framed_ipv6_prefix) == ("10.0.0.2", "fd00::/64")
    assert record.delegated_ipv6_prefix == "fd01::/56"
    assert reply_to == ReplyTo("10.1.1.1", 40000, "10.1.1.254", 9, b"\xab" * 16, b"", 70)


def test_a_record_without_numbers_has_none() -> None:
    record, _ = accounting_request(accounting_pairs(status="Start"), NOW)
    assert (record.session_time, record.router_time, record.delay) == (None, None, 0)
    assert (record.octets_in, record.octets_out, record.cause) == (0, 0, "")
    assert (record.klass, record.mac, record.called, record.framed_address) == (b"", "", b"", "")


@given(*(st.integers(0, 2**32 - 1) for _ in range(4)))
def test_gigawords_make_exact_64_bit_counters(low_in: int, high_in: int, low_out: int, high_out: int) -> None:
    names = ("Acct-Input-Octets", "Acct-Input-Gigawords", "Acct-Output-Octets", "Acct-Output-Gigawords")
    more = tuple(zip(names, map(str, (low_in, high_in, low_out, high_out)), strict=True))
    record, _ = accounting_request(accounting_pairs(more=more), NOW)
    assert record.octets_in == (high_in << 32) + low_in
    assert record.octets_out == (high_out << 32) + low_out


@pytest.mark.parametrize("octets", HOSTILE)
@pytest.mark.parametrize("name", OCTETS)
def test_no_byte_of_a_record_is_changed(name: str, octets: bytes) -> None:
    pairs = tuple(pair for pair in accounting_pairs() if pair[0] != name)
    record, _ = accounting_request((*pairs, (name, in_hex(octets))), NOW)
    assert getattr(record, OCTETS[name]) == octets


@pytest.mark.parametrize(
    ("calling", "mac"),
    [(b"02-00-00-00-00-01", "02:00:00:00:00:01"), (b"10.1.2.3", "10.1.2.3"), ("käse".encode("latin-1"), "k\\xe4se")],
)
def test_the_station_is_a_mac_address_or_what_else_it_says(calling: bytes, mac: str) -> None:
    record, _ = accounting_request(accounting_pairs(more=(("Calling-Station-Id", in_hex(calling)),)), NOW)
    assert record.mac == mac


def test_of_two_alike_the_first_counts() -> None:
    record, _ = accounting_request(accounting_pairs(more=(("User-Name", in_hex(b"jane")),)), NOW)
    assert record.username == b"john"


def test_proxy_states_go_back_as_they_came_and_in_their_order() -> None:
    more = (("Proxy-State", "0x0102"), ("Class", "0x01"), ("Proxy-State", "0x00"))
    _, reply_to = accounting_request(accounting_pairs(more=more), NOW)
    assert reply_to.proxy_states == b"\x21\x04\x01\x02\x21\x03\x00"


def test_a_line_missing_or_cut_anywhere_is_no_record() -> None:
    (*others, (name, line)) = accounting_pairs()
    with pytest.raises(MalformedRequest, match=name):
        accounting_request(tuple(others), NOW)
    for at in range(len(line)):
        with pytest.raises(MalformedRequest, match=name):
            accounting_request((*others, (name, line[:at])), NOW)


@pytest.mark.parametrize("value", ["john", "0x6", "0xzz", ""])
@pytest.mark.parametrize("name", [*OCTETS, "Calling-Station-Id", "Proxy-State"])
def test_what_should_be_octets_and_is_not_is_no_record(name: str, value: str) -> None:
    """As it would be if the dictionary of the accounting process were not in force."""
    pairs: Pairs = tuple(pair for pair in accounting_pairs() if pair[0] != name)
    with pytest.raises(MalformedRequest, match="not octets"):
        accounting_request((*pairs, (name, value)), NOW)


@pytest.mark.parametrize("client", ["7/70", "any_ipv4", "7/x/10.1.1.1"])
def test_a_client_that_is_not_one_of_ours_is_no_origin(client: str) -> None:
    with pytest.raises(MalformedRequest, match="client called"):
        accounting_request(accounting_pairs(client=client), NOW)
