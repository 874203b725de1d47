"""The brake on guessing: the clock is given, the memory bounded."""

import pytest

from radius_module.login import reject_delay
from radius_module.login.reject_delay import FREE_FOR_CUSTOMER, FREE_FOR_DEVICE, LONGEST, RejectDelay

NOW = 1_773_144_000.0


def delays(count: int, *, now: float = NOW, used: RejectDelay | None = None, name: str = "john") -> list[int]:
    pedal = used or RejectDelay()
    return [pedal.count(1, 70, name, now) for _ in range(count)]


def test_typing_errors_are_answered_at_once_and_what_is_more_comes_later_and_later() -> None:
    assert delays(FREE_FOR_CUSTOMER + 7) == [0] * FREE_FOR_CUSTOMER + [1, 2, 3, 4, LONGEST, LONGEST, LONGEST]


@pytest.mark.parametrize(("seconds", "delay"), [(59.9, 1), (60.0, 1), (60.1, 0)])
def test_a_minute_later_it_is_forgotten(seconds: float, delay: int) -> None:
    pedal = RejectDelay()
    delays(FREE_FOR_CUSTOMER, used=pedal)
    assert pedal.count(1, 70, "john", NOW + seconds) == delay


def test_names_of_two_tenants_are_two_names() -> None:
    pedal = RejectDelay()
    delays(FREE_FOR_CUSTOMER, used=pedal)
    assert pedal.count(2, 71, "john", NOW) == 0
    assert pedal.count(1, 70, "john", NOW) == 1


def test_many_names_from_one_router_are_slowed_together() -> None:
    pedal = RejectDelay()
    found = [pedal.count(1, 70, f"guess{number}", NOW) for number in range(FREE_FOR_DEVICE + 200)]
    assert found[:FREE_FOR_DEVICE] == [0] * FREE_FOR_DEVICE
    assert found[FREE_FOR_DEVICE] == 1
    assert found[FREE_FOR_DEVICE + 19 : FREE_FOR_DEVICE + 21] == [1, 2]
    assert found[-1] == LONGEST
    assert pedal.count(1, 72, "somebody", NOW) == 0


def test_an_empty_name_is_no_router() -> None:
    pedal = RejectDelay()
    for _ in range(FREE_FOR_DEVICE):
        pedal.count(70, 1, "", NOW)
    assert pedal.count(1, 70, "john", NOW) == 0


def test_a_flood_of_names_takes_no_more_memory_than_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reject_delay, "_REMEMBERED", 100)
    pedal = RejectDelay()
    for number in range(1000):
        pedal.count(1, 70, f"guess{number}", NOW + number / 100)
        assert len(pedal._names) <= 100
    assert pedal.count(1, 70, "next", NOW + 10) == LONGEST, "the router's own count outlives the flood"


def test_when_there_is_no_room_what_is_past_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reject_delay, "_REMEMBERED", 100)
    pedal = RejectDelay()
    for number in range(90):
        pedal.count(1, 70, f"old{number}", NOW)
    delays(FREE_FOR_CUSTOMER, now=NOW + 61, used=pedal)
    for number in range(20):
        pedal.count(1, 70, f"new{number}", NOW + 61)
    assert pedal.count(1, 70, "john", NOW + 61) == 1
