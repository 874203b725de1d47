"""Verdict → attributes of the answer."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius_module.online.table import STALE_SECONDS
from radius_module.replies.access_attributes import (
    NOT_SET_UP,
    USUAL_PROXY_STATES,
    accept,
    refuse,
    room_beside,
    shown,
    total_limit,
)
from radius_module.replies.attribute import UnencodableAttribute
from radius_module.rules import ORDER
from radius_module.rules.facts import Attribute, Deny, Grant
from radius_module.rules.service import INTERIM_INTERVAL

CLASS = b"\x01" + bytes(12)
ALWAYS = {"Class", "Session-Timeout", "Acct-Interim-Interval"}


def grant(**changes: Any) -> Grant:
    return Grant(None, None, 3600, None, None, None, ())._replace(**changes)


def sent(**changes: Any) -> dict[str, str]:
    """name → value; no name may come twice."""
    pairs = accept(grant(**changes), CLASS)
    assert len({name for name, _op, _value in pairs}) == len(pairs)
    assert all(type(part) is str for pair in pairs for part in pair), "FreeRADIUS takes exact strings only"
    return {name: value for name, _op, value in pairs}


def rows(*extra: tuple[str, str, str], **changes: Any) -> dict[str, str]:
    return sent(extra=tuple(Attribute(*row) for row in extra), **changes)


def refusal(*extra: tuple[str, str, str], **changes: Any) -> str:
    with pytest.raises(UnencodableAttribute) as wrong:
        rows(*extra, **changes)
    return str(wrong.value)


def test_the_least_that_is_always_sent() -> None:
    assert sent() == {
        "Class": "0x" + CLASS.hex(),
        "Session-Timeout": "3600",
        "Acct-Interim-Interval": str(INTERIM_INTERVAL),
    }


def test_everything_that_a_plan_sets_is_sent() -> None:
    attributes = sent(rate="2M/10M", idle_timeout=300, allowance=5_000_000_000, address="10.0.0.9")
    assert attributes["Mikrotik-Rate-Limit"] == "2M/10M"
    assert attributes["Idle-Timeout"] == "300"
    assert (attributes["Mikrotik-Total-Limit"], attributes["Mikrotik-Total-Limit-Gigawords"]) == ("705032704", "1")
    assert attributes["Framed-IP-Address"] == "10.0.0.9"
    assert sent(pool="pool1")["Framed-Pool"] == "pool1"


@pytest.mark.parametrize(
    ("octets", "low", "high"),
    [
        (1, 1, 0), (2**32 - 1, 2**32 - 1, 0), (2**32, 0, 1), (5 * 10**9, 705032704, 1), (10**11, 1215752192, 23),
        (10**13, 1316134912, 2328), (2**64 - 1, 2**32 - 1, 2**32 - 1),
    ],
)  # fmt: skip
def test_the_allowance_travels_exactly(octets: int, low: int, high: int) -> None:
    assert [value for _name, _op, value in total_limit(octets)] == [str(low), str(high)]


@given(st.integers(1, 2**64 - 1))
def test_the_two_halves_make_the_allowance_and_are_never_both_zero(octets: int) -> None:
    low, high = (int(value) for _name, _op, value in total_limit(octets))
    assert low + (high << 32) == octets
    assert 0 <= low < 2**32
    assert 0 <= high < 2**32
    assert low or high


@pytest.mark.parametrize("octets", [0, -1, -5, 2**64])
def test_an_allowance_that_cannot_be_sent_is_an_error_and_no_gift(octets: int) -> None:
    with pytest.raises(UnencodableAttribute):
        total_limit(octets)


def test_no_cap_is_no_attribute() -> None:
    assert set(sent(allowance=None)) == ALWAYS


@pytest.mark.parametrize("seconds", [-1, 2**32])
def test_a_session_timeout_out_of_range_is_an_error(seconds: int) -> None:
    with pytest.raises(UnencodableAttribute):
        accept(grant(session_timeout=seconds), CLASS)


def test_a_pools_name_is_escaped() -> None:
    assert sent(pool='a"b\\')["Framed-Pool"] == 'a\\"b\\\\'


def test_an_operators_row_is_sent() -> None:
    assert rows(("Filter-Id", "=", "gold"))["Filter-Id"] == "gold"


def test_a_row_with_an_equals_sign_gives_way_to_what_there_is() -> None:
    assert rows(("Mikrotik-Rate-Limit", "=", "1M"), rate="2M/10M")["Mikrotik-Rate-Limit"] == "2M/10M"
    assert rows(("Mikrotik-Rate-Limit", "=", "1M"))["Mikrotik-Rate-Limit"] == "1M"


def test_a_row_with_a_colon_replaces_what_there_is() -> None:
    assert rows(("Mikrotik-Rate-Limit", ":=", "1M"), rate="2M/10M")["Mikrotik-Rate-Limit"] == "1M"


def test_of_the_plans_and_the_customers_row_the_later_wins_with_a_colon_and_the_earlier_without() -> None:
    assert rows(("Filter-Id", "=", "plan"), ("Filter-Id", ":=", "customer"))["Filter-Id"] == "customer"
    assert rows(("Filter-Id", "=", "plan"), ("Filter-Id", "=", "customer"))["Filter-Id"] == "plan"


def test_a_row_with_a_plus_is_added() -> None:
    extra = tuple(Attribute("Framed-Route", "+=", route) for route in ("10.1.0.0/24", "10.2.0.0/24"))
    pairs = [pair for pair in accept(grant(extra=extra), CLASS) if pair[0] == "Framed-Route"]
    assert pairs == [("Framed-Route", "+=", "10.1.0.0/24"), ("Framed-Route", "+=", "10.2.0.0/24")]


@pytest.mark.parametrize("op", ["=", ":=", "+="])
def test_of_several_limits_the_least_holds_whatever_the_operator(op: str) -> None:
    assert rows(("Session-Timeout", op, "60"))["Session-Timeout"] == "60"
    assert rows(("Session-Timeout", op, "3601"))["Session-Timeout"] == "3600"
    assert rows(("Idle-Timeout", op, "60"), idle_timeout=300)["Idle-Timeout"] == "60"
    assert rows(("Idle-Timeout", op, "301"), idle_timeout=300)["Idle-Timeout"] == "300"
    assert rows(("Idle-Timeout", op, "60"))["Idle-Timeout"] == "60"


@pytest.mark.parametrize("op", ["=", ":=", "+="])
def test_a_limit_of_zero_which_routeros_takes_for_none_lifts_no_limit(op: str) -> None:
    assert rows(("Session-Timeout", op, "0"))["Session-Timeout"] == "3600"
    assert rows(("Idle-Timeout", op, "0"), idle_timeout=300)["Idle-Timeout"] == "300"
    assert rows(("Idle-Timeout", op, "0"), ("Idle-Timeout", op, "60"))["Idle-Timeout"] == "60"


@pytest.mark.parametrize("name", ["Mikrotik-Total-Limit", "mikrotik-total-limit-gigawords"])
def test_no_operators_row_sets_the_cap(name: str) -> None:
    assert "data limit" in refusal((name, ":=", "1"), allowance=5)


@pytest.mark.parametrize(
    "row",
    [
        ("Mikrotik-Data-Limit", "=", "5"),
        ("Session-Timeout", "=", "-5"),
        ("Class", ":=", "0x00"),
        ("Filter-Id", "==", "x"),
    ],
)
def test_one_row_that_cannot_be_sent_fails_the_whole_answer(row: tuple[str, str, str]) -> None:
    assert row[0] in refusal(("Filter-Id", "=", "good"), row)


@pytest.mark.parametrize("deny", [*(Deny(rule.code, rule.message) for rule in ORDER), NOT_SET_UP])
def test_a_refusal_is_a_sentence_and_its_delay(deny: Deny) -> None:
    assert refuse(deny, 3) == (("Reply-Message", ":=", deny.message), ("FreeRADIUS-Response-Delay", ":=", "3"))
    assert len(deny.message.encode()) <= 247


ROUTES = ("10.1.0.0/16 10.0.0.2 1", "10.2.0.0/16 10.0.0.2 1", "10.3.0.0/16")


def test_people_see_the_texts_unescaped_and_several_values_as_a_list() -> None:
    extra = (Attribute("Filter-Id", "=", 'a\\b"c'), *(Attribute("Framed-Route", "+=", route) for route in ROUTES))
    attributes = shown(accept(grant(extra=extra), CLASS))
    assert attributes["Filter-Id"] == 'a\\b"c'
    assert attributes["Framed-Route"] == list(ROUTES)
    assert attributes["Session-Timeout"] == "3600"


def test_what_is_longer_than_a_packet_is_refused_by_the_name_of_what_does_not_fit() -> None:
    many = [("Filter-Id", "+=", "x" * 245)] * 14
    assert len(accept(grant(extra=tuple(Attribute(*row) for row in many)), CLASS)) == 3 + 14
    assert "Mikrotik-Group: the answer would be" in refusal(*many, ("Mikrotik-Group", "=", "y" * 247))


def test_thousands_of_rows_cost_no_more_than_those_that_fit() -> None:
    extra = tuple(Attribute("Port-Limit", "+=", str(number)) for number in range(20_000))
    begun = time.process_time()
    assert problem(lambda: accept(grant(extra=extra), CLASS)) is not None
    assert time.process_time() - begun < 0.1


def test_long_proxy_states_leave_less_room() -> None:
    extra = tuple(Attribute("Filter-Id", "+=", "x" * 245) for _ in range(14))
    for states, fits in ((b"", True), (bytes(USUAL_PROXY_STATES), True), (bytes(USUAL_PROXY_STATES + 400), False)):
        room = room_beside(states)
        assert (problem(lambda room=room: accept(grant(extra=extra), CLASS, room)) is None) is fits


def problem(build: Callable[[], object]) -> UnencodableAttribute | None:
    try:
        build()
    except UnencodableAttribute as error:
        return error
    return None


@given(st.text('a"\\', min_size=1, max_size=20))
def test_what_people_see_is_what_the_operator_wrote(value: str) -> None:
    assert shown(accept(grant(extra=(Attribute("Filter-Id", "=", value),)), CLASS))["Filter-Id"] == value


def test_a_session_is_stale_after_three_intervals_that_were_sent() -> None:
    assert 3 * INTERIM_INTERVAL < STALE_SECONDS < 4 * INTERIM_INTERVAL
