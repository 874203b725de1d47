"""What an operator wrote → what FreeRADIUS will send: exact, or an error. Never modulo, never 0 for nonsense."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius_module.replies.attribute import LONGEST_TEXT, UnencodableAttribute, encode, number, text


def refused(name: str, value: str, op: str = ":=") -> str:
    """The sentence of the refusal."""
    with pytest.raises(UnencodableAttribute) as wrong:
        encode(name, op, value)
    return str(wrong.value)


def unescaped(value: str) -> str:
    """As FreeRADIUS reads a string in double quotes: a backslash takes the next character as it is."""
    assert re.fullmatch(r'(?:[^"\\]|\\["\\])*', value, re.DOTALL), value
    return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("Mikrotik-Rate-Limit", "10M/10M 0/0 0/0 0/0 5", "10M/10M 0/0 0/0 0/0 5"),
        ("Filter-Id", "käse", "käse"),
        ("Session-Timeout", "0", "0"),
        ("Session-Timeout", "4294967295", "4294967295"),
        ("Session-Timeout", "007", "7"),
        ("Service-Type", "Framed-User", "2"),
        ("Service-Type", "framed-user", "2"),
        ("Service-Type", "2", "2"),
        ("Framed-IP-Address", "10.0.0.1", "10.0.0.1"),
        ("Framed-IPv6-Prefix", "2001:db8::/64", "2001:db8::/64"),
        ("Framed-IPv6-Address", "2001:DB8:0::1", "2001:db8::1"),
        ("Login-LAT-Group", "0xFF00", "0xff00"),
        ("Event-Timestamp", "1773144000", "1773144000"),
    ],
)  # fmt: skip
def test_what_fits_its_type_is_sent(name: str, value: str, sent: str) -> None:
    assert encode(name, "=", value) == (name, "=", sent)


def test_the_name_is_sent_as_the_dictionary_writes_it() -> None:
    assert encode("mikrotik-RATE-limit", "=", "1M")[0] == "Mikrotik-Rate-Limit"


def test_an_attribute_that_does_not_exist_is_refused() -> None:
    assert "no such attribute" in refused("Mikrotik-Data-Limit", "5")


@pytest.mark.parametrize("name", ["Auth-Type", "Cleartext-Password", "Response-Packet-Type", "Wire-Login"])
def test_what_cannot_travel_in_a_packet_is_refused(name: str) -> None:
    assert "no such attribute" in refused(name, "1")


@pytest.mark.parametrize("name", ["Class", "state", "Message-Authenticator", "MS-MPPE-Send-Key", "Reply-Message"])
def test_what_the_server_sets_is_refused(name: str) -> None:
    assert "not by a row" in refused(name, "0x00")


@pytest.mark.parametrize("op", ["", "==", "!=", "-=", "=~", "=*", ";"])
def test_another_operator_is_refused(op: str) -> None:
    assert "operator" in refused("Session-Timeout", "1", op)


@pytest.mark.parametrize(
    "value",
    [
        "", "-1", "-5", "+5", "4294967296", "5000000000", "3600.0", "abc", "1e3", "0x10", " 1", "1 ", "1_000", "²",
        "\u0661\u0662", "9" * 5000,
    ],
)  # fmt: skip
def test_what_freeradius_would_turn_into_another_number_is_refused(value: str) -> None:
    assert refused("Session-Timeout", value).startswith("Session-Timeout: ")


@given(st.integers(0, 2**32 - 1))
def test_every_32_bit_number_is_sent_exactly(value: int) -> None:
    assert encode("Session-Timeout", "=", str(value))[2] == str(value)


@given(st.integers(2**32, 2**80) | st.integers(-(2**40), -1))
def test_no_other_number_is_sent(value: int) -> None:
    refused("Session-Timeout", str(value))
    with pytest.raises(UnencodableAttribute):
        number("Session-Timeout", value)


@pytest.mark.parametrize(("bits", "most"), [(8, 255), (16, 65535), (32, 2**32 - 1), (64, 2**64 - 1)])
def test_a_number_fits_its_bits_at_the_limit_and_not_above(bits: int, most: int) -> None:
    assert number("N", most, bits) == str(most)
    assert number("N", 0, bits) == "0"
    for wrong in (most + 1, -1):
        with pytest.raises(UnencodableAttribute):
            number("N", wrong, bits)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Framed-IP-Address", "10.0.0.256"),
        ("Framed-IP-Address", "10.0.0"),
        ("Framed-IP-Address", "2001:db8::1"),
        ("Framed-IP-Address", "10.0.0.1/24"),
        ("Framed-IP-Address", "router.example.com"),
        ("Framed-IPv6-Prefix", "2001:db8::1/64"),
        ("Framed-IPv6-Prefix", "10.0.0.0/8"),
        ("Framed-IPv6-Address", "10.0.0.1"),
        ("Login-LAT-Group", "ff"),
        ("Login-LAT-Group", "0x"),
        ("Login-LAT-Group", "0xf"),
        ("Login-LAT-Group", "0xff ff"),
        ("Login-LAT-Group", "0x" + "00" * (LONGEST_TEXT + 1)),
        ("Framed-Interface-Id", "1:2:3:4"),
    ],
)
def test_what_does_not_fit_its_type_is_refused(name: str, value: str) -> None:
    assert name in refused(name, value)


@pytest.mark.parametrize("value", ["a", "a" * LONGEST_TEXT, "é" * (LONGEST_TEXT // 2)])
def test_a_text_fits_up_to_its_limit_in_octets(value: str) -> None:
    assert encode("Filter-Id", "=", value)[2] == value


@pytest.mark.parametrize("value", ["", "a" * (LONGEST_TEXT + 1), "é" * (LONGEST_TEXT // 2 + 1), "a\0b"])
def test_a_text_above_its_limit_or_with_a_nul_is_refused(value: str) -> None:
    refused("Filter-Id", value)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_text_comes_out_of_freeradius_as_it_went_in(value: str) -> None:
    assert unescaped(text(value)) == value


@pytest.mark.parametrize("value", ["\\", "a\\", '"', '\\"', "a\\new", "\\\\", '"; evil'])
def test_backslashes_and_quotes_are_escaped(value: str) -> None:
    assert unescaped(encode("Filter-Id", "=", value)[2]) == value


@given(st.text(max_size=40), st.sampled_from(["=", ":=", "+=", "x"]), st.text(max_size=40))
def test_whatever_stands_in_a_row_it_is_sent_or_refused_in_words(name: str, op: str, value: str) -> None:
    try:
        encode(name, op, value)
    except UnencodableAttribute as wrong:
        assert str(wrong)


@given(st.sampled_from(["Session-Timeout", "Filter-Id", "Framed-IP-Address", "Framed-IPv6-Prefix", "Login-LAT-Group"]),
       st.text(max_size=300))  # fmt: skip
def test_whatever_value_a_row_has_it_is_sent_or_refused_in_words(name: str, value: str) -> None:
    try:
        sent = encode(name, "=", value)
    except UnencodableAttribute as wrong:
        assert str(wrong).startswith(name)
    else:
        assert sent[0] == name
