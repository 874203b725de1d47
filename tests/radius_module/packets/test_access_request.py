"""Words of FreeRADIUS → typed requests: the bytes on the wire survive, and a line that is not whole is no request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius_module.packets.access_request import login_request
from radius_module.packets.reply_to import ReplyTo
from radius_module.packets.wire_line import MalformedRequest, Origin, client_name, source_address
from tests.support.words_made import Pairs, login_words, word

HOSTILE = (
    b"", b"alice\0evil", b"\xff\xfe\x00", "käse".encode("latin-1"), b'"', b"\\", b"a\\new", b"a b . c", b"0x6a",
    b"%{User-Password}", b"\r\n", b"' or 1=1 --", bytes(range(256))[:253], b"x" * 253, b"=", b".",
)  # fmt: skip


def cut(pairs: Pairs, name: str, at: int) -> Pairs:
    """As FreeRADIUS would cut a value that is too long."""
    return tuple((key, value[:at] if key == name else value) for key, value in pairs)


def test_a_pap_request_in_full() -> None:
    parsed = login_request(login_words(password=b"secret"))
    assert parsed.origin == Origin("10.1.1.1", 7, 70)
    assert (parsed.username, parsed.password, parsed.chap) == (b"john", b"secret", b"")
    assert (parsed.mac, parsed.is_mschap) == ("02:00:00:00:00:01", False)


def test_what_the_answer_needs_is_in_the_request() -> None:
    parsed = login_request(login_words(more=(("Wire-State", "0x6162"), ("Wire-State", "0x00"))))
    assert parsed.reply_to == ReplyTo("10.1.1.1", 40_000, "10.1.1.254", 9, b"\xab" * 16, b"\x21\x04ab\x21\x03\0", 70)


def test_mschaps_error_for_a_wrong_password_is_in_the_request() -> None:
    more = (("MS-CHAP2-Response", "0x00"), ("Wire-Error", word(b"\1E=691")))
    assert login_request(login_words(more=more)).mschap_error == b"\1E=691"


def test_the_line_is_the_same_only_for_the_same_packet() -> None:
    kinds = [
        {},
        {"username": b"jane"},
        {"password": b"x"},
        {"authenticator": "0x" + "ac" * 16},
        {"chap": b"\1" + b"d" * 16},
        {"chap": b"\2" + b"d" * 16},
        {"more": (("MS-CHAP-Response", "0x00"),)},
        {"client": client_name(7, 70, "10.1.1.2")},
    ]
    lines = [login_request(login_words(**kind)).line for kind in kinds]  # type: ignore[arg-type]
    assert len(set(lines)) == len(kinds)
    assert lines == [login_request(login_words(**kind)).line for kind in kinds]  # type: ignore[arg-type]


def test_chap_without_a_challenge_of_its_own_is_challenged_by_the_authenticator() -> None:
    parsed = login_request(login_words(chap=b"\x01" + b"d" * 16))
    assert (parsed.chap, parsed.challenge) == (b"\x01" + b"d" * 16, b"\xab" * 16)


def test_a_chap_challenge_of_its_own_comes_before_the_authenticator() -> None:
    parsed = login_request(login_words(chap=b"\x01" + b"d" * 16, challenge=b"c" * 16))
    assert (parsed.chap, parsed.challenge) == (b"\x01" + b"d" * 16, b"c" * 16)


@pytest.mark.parametrize("name", ["MS-CHAP-Response", "MS-CHAP2-Response"])
def test_mschap_is_recognised_by_its_response(name: str) -> None:
    assert login_request(login_words(more=((name, "0x00"),))).is_mschap


@pytest.mark.parametrize("octets", HOSTILE)
def test_no_byte_of_a_login_is_changed_or_changes_another_word(octets: bytes) -> None:
    parsed = login_request(login_words(username=octets, password=octets, chap=b"c" + octets, challenge=octets + b"c"))
    assert (parsed.username, parsed.password) == (octets, octets)
    assert (parsed.chap, parsed.challenge) == (b"c" + octets, octets + b"c")
    assert parsed.origin == Origin("10.1.1.1", 7, 70)


@given(st.binary(max_size=253), st.binary(max_size=128), st.binary(max_size=253))
def test_any_bytes_come_through_as_they_are(name: bytes, password: bytes, calling: bytes) -> None:
    parsed = login_request(login_words(username=name, password=password, calling=calling))
    assert (parsed.username, parsed.password) == (name, password)


@pytest.mark.parametrize(
    ("calling", "mac"),
    [
        (b"02-00-00-00-00-01", "02:00:00:00:00:01"),
        (b"0200.0000.0001", "02:00:00:00:00:01"),
        (b"", ""),
        (b"10.1.2.3", "10.1.2.3"),
        ("käse".encode("latin-1"), "k\\xe4se"),
    ],
)
def test_the_station_is_a_mac_address_or_what_else_it_says(calling: bytes, mac: str) -> None:
    assert login_request(login_words(calling=calling)).mac == mac


def test_an_ipv6_source_is_one_word() -> None:
    assert login_request(login_words(client=client_name(7, 70, "2001:db8::1"))).origin.address == "2001:db8::1"


@pytest.mark.parametrize("name", ["Wire-Login", "Wire-Chap"])
def test_a_login_with_a_line_that_is_cut_anywhere_is_no_login(name: str) -> None:
    whole = login_words(chap=b"d" * 17, challenge=b"c" * 16)
    for at in range(len(dict(whole)[name])):
        with pytest.raises(MalformedRequest, match=name):
            login_request(cut(whole, name, at))


def test_a_login_without_words_is_no_login() -> None:
    with pytest.raises(MalformedRequest, match="Wire-Login"):
        login_request(())


def test_a_word_too_many_is_no_request() -> None:
    with pytest.raises(MalformedRequest, match="Wire-Login"):
        login_request(login_words(client="7/70/10.1.1.1 10.1.1.2"))


@pytest.mark.parametrize("client", ["", "7", "7/70", "/70/10.1.1.1", "any_ipv4", "7/x/10.1.1.1", "7/70/10.1.1.1/1"])
def test_a_client_that_is_not_one_of_ours_is_no_origin(client: str) -> None:
    with pytest.raises(MalformedRequest, match="client called"):
        login_request(login_words(client=client))


def test_an_unknown_source_is_asked_about_by_its_address() -> None:
    assert source_address((("Wire-Source", "2001:db8::1"),)) == "2001:db8::1"


@pytest.mark.parametrize(
    ("octets", "head"),
    [(b"", b"\0\0"), (b"\x02", b"\x02\0"), (b"\x02\x07", b"\x02\x07"), (b"\x02\x07\x00\x09\x01john", b"\x02\x07"),
     (b"\xff" * 4000, b"\xff\xff")],
    ids=["start", "one octet", "two", "identity", "long"],
)  # fmt: skip
def test_of_an_eap_packet_the_head_is_known_however_short_it_is(octets: bytes, head: bytes) -> None:
    cut = word(octets)[:1023]
    assert login_request(login_words(more=(("Wire-Eap", cut),))).eap == head


def test_a_request_without_a_signature_is_known() -> None:
    assert login_request(login_words(more=(("Wire-Unsigned", "."),))).is_unsigned
    assert not login_request(login_words()).is_unsigned
