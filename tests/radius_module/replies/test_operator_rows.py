"""What rows of operators may set: names, ranges, the grammar of some values, and how often."""

from __future__ import annotations

import pytest

from radius_module.replies.attribute import (
    MOST_ROWS,
    ROWS_OCTETS,
    UnencodableAttribute,
    check_row,
    default_op,
    encode,
    octets_of,
)
from radius_module.replies.dictionary import definitions
from radius_module.replies.operator_rows import RESERVED


def refusal(name: str, value: str, *others: tuple[str, str, str]) -> UnencodableAttribute:
    with pytest.raises(UnencodableAttribute) as error:
        check_row(name, ":=", value, others)
    return error.value


@pytest.mark.parametrize(
    "value",
    [
        "10M",
        "2M/10M",
        "512k/2M",
        "0/0",
        "128000/256000",
        "1G/1G",
        "2M/10M 4M/20M",
        "2M/10M 4M/20M 1M/5M",
        "2M/10M 4M/20M 1M/5M 8/8",
        "2M 4M 1M 8",
        "10M/10M 0/0 0/0 0/0 5",
        "2M/10M 4M/20M 1M/5M 8/8 8 1M/5M",
        "2M/10M 4M/20M 1M/5M 8s/8s 1",
    ],
)
def test_a_rate_limit_as_routeros_reads_it_is_sent(value: str) -> None:
    assert encode("Mikrotik-Rate-Limit", ":=", value)[2] == value


@pytest.mark.parametrize(
    "value",
    [
        "foo bar",
        "10 Mbit",
        "10M/",
        "/10M",
        "10M/10M/10M",
        "10M/10M  0/0",
        " 10M",
        "10M ",
        "-1M/10M",
        "1.5M/10M",
        "10M/10M 0/0 0/0 0/0 9",
        "10M/10M 0/0 0/0 0/0 0",
        "10M/10M 5 5 5 5 5 5 5",
        "10T/10T",
        "10m\t10m",
        "٣M/٣M",
        "10M;10M",
    ],
)
def test_any_other_rate_limit_is_refused_with_what_it_should_be(value: str) -> None:
    error = refusal("Mikrotik-Rate-Limit", value)
    assert error.field == "value" and "2M/10M" in str(error)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "Framed-Route",
            ("10.9.0.0/24 10.0.0.2 1", "10.9.0.0/24", "0.0.0.0/0 10.0.0.1", "192.0.2.1 0.0.0.0 1 2 3"),
            (
                "x",
                "10.9.0.0/33 10.0.0.2",
                "10.9.0.0/24 router 1",
                "10.9.0.0/24  10.0.0.2",
                "2001:db8::/32 ::1 1",
                "10.9.0.0/24 10.0.0.2 -1",
            ),
        ),
        (
            "Framed-IPv6-Route",
            ("2001:db8:9::/48 2001:db8::2 1", "::/0 ::"),
            ("10.9.0.0/24 10.0.0.2 1", "2001:db8::/200 ::", "x"),
        ),
        ("Acct-Interim-Interval", ("60", "300", "3600"), ("59", "3601", "0", "86400")),
        (
            "WISPr-Session-Terminate-Time",
            ("2027-01-31T23:59:00+03:00", "2027-01-31T23:59Z"),
            ("tomorrow", "2027-01-31", "2027-01-31 23:59"),
        ),
        (
            "WISPr-Redirection-URL",
            ("https://example.com/welcome?a=b",),
            ("example.com", "javascript:alert(1)", "https://"),
        ),
        ("Mikrotik-Advertise-URL", ("http://192.0.2.1/ad",), ("ftp://192.0.2.1", "http://a b")),
    ],
)
def test_values_with_a_grammar_have_it(name: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    for value in good:
        assert encode(name, ":=", value)[2] == value
    for value in bad:
        assert refusal(name, value).name == name, value


@pytest.mark.parametrize(
    "name",
    [
        "Class",
        "Mikrotik-Total-Limit",
        "mikrotik-total-limit-gigawords",
        "User-Name",
        "NAS-Identifier",
        "Calling-Station-Id",
        "Acct-Session-Id",
        "Chargeable-User-Identity",
    ],
)
def test_a_row_may_not_say_who_or_how_much(name: str) -> None:
    error = refusal(name, "1")
    assert (error.field, error.name) == ("attribute", name)


def test_every_reserved_name_exists() -> None:
    assert {name for name in RESERVED if name not in definitions()} == set()


@pytest.mark.parametrize(
    ("name", "op"),
    [
        ("Framed-Route", "+="),
        ("filter-id", "+="),
        ("Framed-IPv6-Prefix", "+="),
        ("Mikrotik-Address-List", "+="),
        ("Mikrotik-Rate-Limit", ":="),
        ("Session-Timeout", ":="),
        ("Framed-IP-Address", ":="),
    ],
)
def test_what_may_stand_more_than_once_is_added(name: str, op: str) -> None:
    assert default_op(name) == op


@pytest.mark.parametrize(
    ("name", "value", "octets"),
    [
        ("Filter-Id", "äb", 2 + 3),
        ("Filter-Id", 'a"\\', 2 + 3),
        ("Port-Limit", "7", 6),
        ("Framed-IP-Address", "10.0.0.1", 6),
        ("Framed-IPv6-Prefix", "2001:db8::/32", 2 + 18),
        ("Framed-IPv6-Address", "2001:db8::1", 2 + 16),
        ("Login-LAT-Group", "0xff00", 2 + 2),
    ],
)
def test_the_octets_of_a_row_are_known(name: str, value: str, octets: int) -> None:
    assert octets_of(encode(name, ":=", value)) == octets


def test_rows_fit_up_to_their_limit_and_not_beyond() -> None:
    others: list[tuple[str, str, str]] = []
    while True:
        try:
            check_row("Filter-Id", "+=", "x" * 98, others)
        except UnencodableAttribute as error:
            assert "fit" in str(error) and error.field == "value"
            break
        others.append(("Filter-Id", "+=", "x" * 98))
    assert len(others) == ROWS_OCTETS // 100
    assert check_row("Filter-Id", "+=", "x" * 98, others[1:])


def test_a_row_of_sql_that_cannot_be_sent_keeps_no_other_from_being_saved() -> None:
    assert check_row("Filter-Id", "=", "x", [("Mikrotik-Data-Limit", "=", "5"), ("Class", "=", "0x00")])


def test_there_are_only_so_many_rows_however_short_they_are() -> None:
    others = [("Port-Limit", "+=", str(number)) for number in range(MOST_ROWS - 1)]
    assert check_row("Port-Limit", "+=", "1", others)
    error = refusal("Port-Limit", "1", *others, ("Port-Limit", "+=", "1"))
    assert str(MOST_ROWS) in str(error)
