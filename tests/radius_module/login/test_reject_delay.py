"""The delay of refusals: the clock is given, the memory bounded."""

import pytest

from radius_module.login import reject_delay
from radius_module.login.reject_delay import FREE_FOR_CUSTOMER, FREE_FOR_DEVICE, LONGEST, RejectDelay

NOW = 1_773_144_000.0


def delays(count: int, *, now: float = NOW, used: RejectDelay | None = None, name: str = "john") -> list[int]:
    counts = used or RejectDelay()
    return [counts.count(1, 70, name, now) for _ in range(count)]


def test_typing_errors_are_answered_at_once_and_further_guesses_later_and_later() -> None:
    assert delays(FREE_FOR_CUSTOMER + 7) == [0] * FREE_FOR_CUSTOMER + [1, 2, 3, 4, LONGEST, LONGEST, LONGEST]


@pytest.mark.parametrize(("seconds", "delay"), [(59.9, 1), (60.0, 1), (60.1, 0)])
def test_a_minute_later_they_are_forgotten(seconds: float, delay: int) -> None:
    counts = RejectDelay()
    delays(FREE_FOR_CUSTOMER, used=counts)
    assert counts.count(1, 70, "john", NOW + seconds) == delay


def test_names_of_two_tenants_are_two_names() -> None:
    counts = RejectDelay()
    delays(FREE_FOR_CUSTOMER, used=counts)
    assert counts.count(2, 71, "john", NOW) == 0
    assert counts.count(1, 70, "john", NOW) == 1


def test_many_names_from_one_device_are_slowed_together() -> None:
    counts = RejectDelay()
    delays = [counts.count(1, 70, f"guess{number}", NOW) for number in range(FREE_FOR_DEVICE + 200)]
    assert delays[:FREE_FOR_DEVICE] == [0] * FREE_FOR_DEVICE
    assert delays[FREE_FOR_DEVICE] == 1
    assert delays[FREE_FOR_DEVICE + 19 : FREE_FOR_DEVICE + 21] == [1, 2]
    assert delays[-1] == LONGEST
    assert counts.count(1, 72, "somebody", NOW) == 0


def test_an_empty_name_is_no_device() -> None:
    counts = RejectDelay()
    for _ in range(FREE_FOR_DEVICE):
        counts.count(70, 1, "", NOW)
    assert counts.count(1, 70, "john", NOW) == 0


def test_a_flood_of_names_takes_no_more_memory_than_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reject_delay, "_REMEMBERED", 100)
    counts = RejectDelay()
    for number in range(1000):
        counts.count(1, 70, f"guess{number}", NOW + number / 100)
        assert len(counts._names) <= 100
    assert counts.count(1, 70, "next", NOW + 10) == LONGEST, "the router's own count outlives the flood"


def test_where_there_is_no_room_windows_that_have_passed_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reject_delay, "_REMEMBERED", 100)
    counts = RejectDelay()
    for number in range(90):
        counts.count(1, 70, f"old{number}", NOW)
    delays(FREE_FOR_CUSTOMER, now=NOW + 61, used=counts)
    for number in range(20):
        counts.count(1, 70, f"new{number}", NOW + 61)
    assert counts.count(1, 70, "john", NOW + 61) == 1
