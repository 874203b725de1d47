"""The short way of a login grants what the long way grants, whatever has happened since the last login."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radius_module.login import fast_path, login
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.wire_line import client_name, origin
from radius_module.rlm import NO_ANSWER, OK
from radius_module.rules.facts import Attribute
from tests.support.facts_made import CUSTOMER, DEVICE, ISP, MAC, NOW, OTHER_MAC, PERIOD, PLAN, THIRD_MAC
from tests.support.login_world import ADDRESS, GIGAWORD, MONTH, OTHER_ADDRESS, SENT, World, lists, nonces


@pytest.fixture(autouse=True)
def _same_class() -> Iterator[None]:
    """The only thing in an answer that is left to chance: another one at each login, the same one for both."""
    with pytest.MonkeyPatch.context() as patched:
        for module in (fast_path, login):
            patched.setattr(
                module,
                "make_class",
                lambda now, whose, interval: (
                    int(now).to_bytes(5, "big") + bytes([interval % 256]) + b"%08d" % len(nonces)
                ),
            )
        yield


def test_a_second_login_takes_the_short_way() -> None:
    world = World()
    for _ in range(3):
        world.log_in(MAC, ADDRESS)
    assert world.short.short_ways == 3
    assert world.short.answers == {"accept": 3}
    assert len(world.direct.sent) == 3
    assert world.known.known_ways == 2


def test_rows_of_another_layout_are_left_to_freeradius_to_encode() -> None:
    world = World()
    world.change("customer", {"extra": (Attribute("Tunnel-Type", "+=", "3"),)})
    world.log_in(MAC, ADDRESS)
    assert world.short.short_ways == 1
    assert not world.direct.sent


def test_an_operators_own_rows_are_sent_by_the_hook() -> None:
    world = World()
    world.change("customer", {"extra": (Attribute("Filter-Id", "+=", "one"),)})
    for _ in range(2):
        world.log_in(MAC, ADDRESS)
    assert len(world.direct.sent) == 2


def test_a_login_is_known_only_by_the_spelling_that_is_the_customers() -> None:
    """Another spelling may be another customer's name tomorrow."""
    world = World()
    world.change("customer", {"username": "John"})
    for _ in range(3):
        world.log_in(MAC, ADDRESS)
    assert world.known.known_ways == 0
    assert world.known.answers == {"accept": 3}


def test_whom_guesses_may_hold_back_is_not_known() -> None:
    world = World()
    for _ in range(2):
        world.log_in(MAC, ADDRESS)
    assert world.known.known_ways == 1
    for server in world.servers:
        server.guesses.crowded.add(CUSTOMER.id)
    world.log_in(MAC, ADDRESS)
    assert world.known.known_ways == 1


def test_who_has_another_device_or_is_another_customer_is_not_known() -> None:
    world = World()
    for address in (ADDRESS, OTHER_ADDRESS, ADDRESS):
        world.log_in(MAC, address)
    world.change("customer", {"status": "active"})
    world.log_in(MAC, ADDRESS)
    assert world.known.known_ways == 0


def test_the_same_packet_is_decided_once() -> None:
    """Although the customer names no station that would tell one login from another."""
    world = World()
    for server in world.servers[:2]:
        first = server.log_in("", ADDRESS, NOW)
        server.requests -= 1
        assert server.log_in("", ADDRESS, NOW + 1) == first
        assert server.answers == {"accept": 1}
        assert len(server.recorded) == 1
    assert world.direct.sent_again == world.direct.sent


def test_a_guess_that_is_sent_again_counts_once_and_waits_no_longer_than_it_had_to() -> None:
    server = World().direct
    for number in range(6):
        answer = server.log_in(MAC, ADDRESS, NOW, authentic=False)
        assert (answer == SENT) is (number == 5)
    [(octets, delay)] = server.late
    assert (octets[0], delay) == (18, 1)
    server.requests -= 1
    assert server.log_in(MAC, ADDRESS, NOW + 0.5, authentic=False) is NO_ANSWER
    server.requests -= 1
    assert server.log_in(MAC, ADDRESS, NOW + 1.5, authentic=False) == SENT
    assert server.sent_again == [octets]
    assert server.answers["bad_password"] == 6


extras = st.lists(
    st.sampled_from(
        [Attribute("Session-Timeout", ":=", "60"), Attribute("Session-Timeout", ":=", "9000000"),
         Attribute("Idle-Timeout", "=", "5"), Attribute("Filter-Id", "+=", "one"), Attribute("Filter-Id", "+=", "two"),
         Attribute("Mikrotik-Total-Limit", ":=", "1"), Attribute("Class", ":=", "0x00"),
         Attribute("Mikrotik-Rate-Limit", ":=", "9M/9M")]
    ),
    max_size=3,
).map(tuple)  # fmt: skip
moments = st.sampled_from([NOW - 3600, NOW - 1, NOW, NOW + 1, NOW + 59.5, NOW + 3600, NOW + MONTH, float("inf")])
of_customer = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["active", "suspended", "expired"]),
        "expires_at": moments,
        "plan_id": st.sampled_from([PLAN.id, None]),
        "static_ip": st.sampled_from([None, "10.0.0.9"]),
        "mac": st.sampled_from(["", MAC]),
        "credential": st.sampled_from(["secret", None]),
        "period_starts": st.sampled_from([(PERIOD,), (PERIOD, NOW + 1), (PERIOD, NOW - 60, NOW + 3600)]),
        "topups": st.sampled_from([(), ((PERIOD, 5),), ((NOW + 1, GIGAWORD), (PERIOD, 1))]),
        "extra": extras,
    },
)
of_plan = st.fixed_dictionaries(
    {},
    optional={
        "data_limit": st.sampled_from([None, 0, 1, 10, GIGAWORD - 1, GIGAWORD, 10 * 10**12, 1 << 63]),
        "session_timeout": st.sampled_from([None, 60, 3600, 2**31]),
        "idle_timeout": st.sampled_from([None, 600, 2**33]),
        "simultaneous_use": st.integers(1, 3),
        "replaces_oldest": st.booleans(),
        "throttles": st.booleans(),
        "address_pool": st.sampled_from([None, 'pool "1"']),
        "extra": extras,
    },
)
logins = st.tuples(
    st.just("log in"), st.sampled_from(["", MAC, OTHER_MAC, THIRD_MAC]), st.sampled_from([ADDRESS, OTHER_ADDRESS])
)
changes = st.one_of(
    st.tuples(st.just("customer"), of_customer),
    st.tuples(st.just("plan"), of_plan),
    st.tuples(st.just("isp"), st.fixed_dictionaries({"active": st.booleans()})),
    st.tuples(st.just("device"), st.fixed_dictionaries({"active": st.booleans()})),
    st.tuples(st.just("use"), st.sampled_from([0, 1, 9, 10, GIGAWORD]),
              st.lists(st.sampled_from(["", MAC, OTHER_MAC]), max_size=3)),
    st.tuples(st.just("time"), moments),
    st.tuples(st.just("wrong password")),
)  # fmt: skip
# A change is nothing without a login before it and one after.
histories = st.lists(st.tuples(logins, changes, logins), min_size=1, max_size=4)


def _live_through(history: list[tuple[Any, ...]]) -> World:
    world = World()
    for step in (step for three in history for step in three):
        match step:
            case "log in", mac, address:
                world.log_in(mac, address)
            case ("wrong password",):
                world.log_in(MAC, ADDRESS, authentic=False)
            case "use", octets, macs:
                world.use(octets, macs)
            case "time", moment:
                world.now = min(moment, NOW + 2 * MONTH)
            case kind, changed:
                world.change(kind, changed)
    return world


@given(histories)
@settings(deadline=None, max_examples=500)
def test_both_ways_answer_alike_after_anything(history: list[tuple[Any, ...]]) -> None:
    _live_through(history)


_IN, _UNKNOWN = ("log in", MAC, ADDRESS), ("log in", "", ADDRESS)
_PERIODS = {"period_starts": (PERIOD, NOW - 60), "topups": ((PERIOD, 1), (NOW - 60, 5))}


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((("plan", {"data_limit": 10}), _IN, ("use", 9, []), _IN, ("use", 10, []), _IN),
                     id="the last octet"),
        pytest.param((("plan", {"simultaneous_use": 2}), _UNKNOWN, ("use", 0, [""]), _UNKNOWN),
                     id="whom nobody knows is another"),
        pytest.param((("plan", {"data_limit": 10}), ("customer", _PERIODS), _IN, ("time", NOW - 3600), _IN),
                     id="a clock set back into the period before"),
        pytest.param((("plan", {"data_limit": 10}), ("use", 9, []), _IN, ("customer", _PERIODS), _IN),
                     id="what was used in another period"),
    ],
)  # fmt: skip
def test_both_ways_answer_alike_at_the_edges(steps: tuple[tuple[Any, ...], ...]) -> None:
    _live_through([steps])


def test_a_packet_signed_with_the_secret_of_the_router_before_goes_the_long_way() -> None:
    world = World()
    world.log_in(MAC, ADDRESS)
    for device_id in (DEVICE.id, 999):
        request = LoginRequest(origin(client_name(ISP.id, device_id, ADDRESS)), b"john", b"", b"", b"", False, MAC)
        accept = world.short.fast_path.accept(request, CUSTOMER, NOW)
        assert (accept is not None) is (device_id == DEVICE.id)


@pytest.mark.parametrize(
    "change",
    [("customer", {"status": "suspended"}), ("customer", {"expires_at": NOW}), ("customer", {"mac": OTHER_MAC}),
     ("isp", {"active": False}), ("device", {"active": False}), ("plan", {"data_limit": 0}),
     ("use", 0, [OTHER_MAC])],
    ids=str,
)  # fmt: skip
def test_a_change_is_in_force_at_the_next_login(change: tuple[Any, ...]) -> None:
    world = _live_through([(("log in", MAC, ADDRESS), change, ("log in", MAC, ADDRESS))])
    assert world.short.short_ways == 1
    assert world.short.answers["accept"] == 1
    assert sum(world.short.answers.values()) == 2


def test_the_expiry_ends_it_by_itself() -> None:
    world = World()
    for now, code in ((NOW, "accept"), (CUSTOMER.expires_at - 0.5, "accept"), (CUSTOMER.expires_at, "expired")):
        world.now = now
        world.log_in(MAC, ADDRESS)
        assert world.short.recorded[-1].code == code
    assert world.short.short_ways == 2


def test_a_customer_who_was_replaced_by_an_equal_one_is_looked_at_again() -> None:
    world = World()
    world.log_in(MAC, ADDRESS)
    world.directory.contents.drop_customer(CUSTOMER.id)
    world.put("customer", CUSTOMER._replace(credential=None))
    assert lists(world.short.log_in(MAC, ADDRESS, NOW))[0] != OK
