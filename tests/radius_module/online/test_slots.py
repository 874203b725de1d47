"""Places between Accept and Start, at their limits; counters that never fall, whatever is told in whatever order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius_module.online.table import SLOT_SECONDS, STALE_SECONDS, OnlineTable, StoredSession
from tests.support.online_made import apply
from tests.support.reports_made import NOON, our_class, report

CUSTOMER, PERIOD = 70, NOON - 86_400
ONE, TWO = "02:00:00:00:00:01", "02:00:00:00:00:02"
UID = "5e55"


def places(online: OnlineTable, now: float) -> set[tuple[str, str]]:
    """(MAC, session) of the places that are taken."""
    return {(place.mac, place.session) for place in online.usage_and_slots(CUSTOMER, PERIOD, now)[1]}


def stored(octets: int = 0, *, heard: float = NOON, mac: str = ONE, uid: str = UID) -> StoredSession:
    return StoredSession(uid, CUSTOMER, mac, NOON - 60, heard, octets)


def used(online: OnlineTable, period: float = PERIOD) -> int:
    return online.usage_and_slots(CUSTOMER, period, NOON)[0]


@pytest.mark.parametrize(
    ("seconds", "taken"), [(0, True), (SLOT_SECONDS - 0.001, True), (SLOT_SECONDS, False), (600, False)]
)
def test_a_place_taken_at_accept_is_free_again_after_exactly_a_minute(seconds: float, taken: bool) -> None:
    online = OnlineTable()
    online.take_slot(CUSTOMER, ONE, NOON)
    assert bool(places(online, NOON + seconds)) is taken


def test_the_same_device_has_one_place_however_often_it_asks_and_its_minute_begins_anew() -> None:
    online = OnlineTable()
    for second in range(0, 50, 10):
        online.take_slot(CUSTOMER, ONE, NOON + second)
    assert places(online, NOON + 99) == {(ONE, "")}
    assert places(online, NOON + 100) == set()


def test_two_devices_and_two_that_nobody_knows_have_a_place_each() -> None:
    online = OnlineTable()
    for key in (ONE, TWO, our_class(NOON, 1).hex(), our_class(NOON, 2).hex()):
        online.take_slot(CUSTOMER, key, NOON)
    assert len(places(online, NOON)) == 4


def test_a_place_of_one_customer_is_none_of_another() -> None:
    online = OnlineTable()
    online.take_slot(CUSTOMER + 1, ONE, NOON)
    assert places(online, NOON) == set()


def test_a_flood_of_logins_takes_no_more_memory_than_a_minute_of_it() -> None:
    online = OnlineTable()
    for second in range(1000):
        online.take_slot(CUSTOMER, f"nonce{second}", NOON + second)
    assert len(online._customers[CUSTOMER].slots) <= SLOT_SECONDS + 10


def test_a_device_that_is_online_and_asks_again_counts_once() -> None:
    online = OnlineTable()
    online.refresh(CUSTOMER, PERIOD, 0, [stored()])
    online.take_slot(CUSTOMER, ONE, NOON)
    assert places(online, NOON) == {(ONE, UID)}


@pytest.mark.parametrize(("silent", "counts"), [(STALE_SECONDS - 1, True), (STALE_SECONDS, False)])
def test_a_session_that_was_not_heard_of_for_three_reports_blocks_nobody(silent: float, counts: bool) -> None:
    online = OnlineTable()
    online.refresh(CUSTOMER, PERIOD, 0, [stored(heard=NOON - silent)])
    assert bool(places(online, NOON)) is counts


def test_another_periods_usage_is_none_of_this_ones() -> None:
    online = OnlineTable()
    online.refresh(CUSTOMER, PERIOD, 1000, [])
    assert (used(online), used(online, PERIOD + 1)) == (1000, 0)


def test_a_customer_without_usage_and_sessions_takes_no_memory() -> None:
    online = OnlineTable()
    online.refresh(CUSTOMER, PERIOD, 0, [])
    assert online._customers == {}


def test_who_is_gone_is_forgotten() -> None:
    online = OnlineTable()
    for customer in (CUSTOMER, CUSTOMER + 1):
        online.take_slot(customer, ONE, NOON)
    online.keep_only({CUSTOMER})
    assert set(online._customers) == {CUSTOMER}
    online.forget(CUSTOMER)
    online.forget(CUSTOMER)
    assert places(online, NOON) == set()


Step = Callable[[OnlineTable], None]
#: What a line carries in a second.
octets = st.integers(0, 10**9)


def heard(count: int) -> Step:
    return lambda online: void(apply(online, report(octets_in=count, received=NOON), CUSTOMER, PERIOD))


def void(_result: object) -> None:
    """Steps give nothing back."""


@given(st.lists(octets.map(heard), max_size=12))
def test_what_was_used_never_falls_whatever_reports_come_in_whatever_order(steps: list[Step]) -> None:
    online = OnlineTable()
    online.refresh(CUSTOMER, PERIOD, 500, [])
    before = used(online)
    for step in steps:
        step(online)
        assert used(online) >= before
        before = used(online)


@given(st.lists(octets, min_size=1, max_size=8), st.permutations(range(8)))
def test_reports_in_any_order_and_number_come_to_the_same(counts: list[int], order: list[int]) -> None:
    straight, mixed = OnlineTable(), OnlineTable()
    for count in counts:
        heard(count)(straight)
    for place in [*order, *order]:
        if place < len(counts):
            heard(counts[place])(mixed)
    assert used(mixed) == used(straight) == max(counts)


@given(st.lists(octets, min_size=1, max_size=10))
def test_a_session_that_the_database_lags_behind_with_is_never_set_back(counts: list[int]) -> None:
    online = OnlineTable()
    for count in counts:
        online.refresh(CUSTOMER, PERIOD, 0, [stored(count)])
    session = online._customers[CUSTOMER].sessions[UID]
    assert session.booked == session.reported == max(counts)


def test_a_slot_taken_while_the_clock_was_an_hour_ahead_is_free_a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    tick = 1000.0
    monkeypatch.setattr("radius_module.online.customer.monotonic", lambda: tick)
    online = OnlineTable()
    online.take_slot(CUSTOMER, ONE, NOON + 3600)
    tick += SLOT_SECONDS - 1
    assert places(online, NOON + SLOT_SECONDS - 1) == {(ONE, "")}
    tick += 1
    assert places(online, NOON + SLOT_SECONDS) == set()
