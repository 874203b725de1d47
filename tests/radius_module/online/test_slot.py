"""What a slot is known by: MAC addresses, logins without a station, and text that is no MAC address."""

from __future__ import annotations

import pytest

from radius_module.online.slot import awaited_slot, new_slot, own_slot

MAC = "02:00:00:00:00:01"
CLASS, OTHER_CLASS = b"\x01" * 13, b"\x02" * 13


def test_a_mac_address_has_its_slot_at_every_device() -> None:
    assert own_slot(MAC, 70) == own_slot(MAC, 71) == new_slot(MAC, 70, CLASS) == MAC


def test_without_a_station_there_is_one_slot_at_each_device() -> None:
    assert own_slot("", 70) == new_slot("", 70, CLASS) == new_slot("", 70, OTHER_CLASS) != ""
    assert own_slot("", 70) != own_slot("", 71)


@pytest.mark.parametrize("text", ["192.0.2.7", "192.0.2.7[4500]", "john@example.com", "zz:00:00:00:00:01", " ", "@70",
                                  "2001:db8::1", "0200000000", "02:00:00:00:00:01 "])  # fmt: skip
def test_text_that_is_no_mac_address_takes_over_nothing(text: str) -> None:
    assert own_slot(text, 70) == ""
    assert new_slot(text, 70, CLASS) != new_slot(text, 70, OTHER_CLASS)


def test_a_start_ends_the_wait_of_its_own_slot() -> None:
    slots = dict.fromkeys([MAC, new_slot("", 70, CLASS), new_slot("192.0.2.7", 70, CLASS)], 0.0)
    assert awaited_slot(slots, MAC, 71, b"") == MAC
    assert awaited_slot(slots, "", 70, b"") == new_slot("", 70, CLASS)
    assert awaited_slot(slots, "", 71, b"") not in slots
    assert awaited_slot(slots, "192.0.2.7", 70, CLASS) == new_slot("192.0.2.7", 70, CLASS)


def test_a_start_without_our_class_ends_the_wait_of_one_of_those_alike() -> None:
    """ocserv and strongSwan send no Class back."""
    slots = dict.fromkeys([new_slot("192.0.2.77", 70, CLASS), new_slot("192.0.2.7", 70, OTHER_CLASS)], 0.0)
    assert awaited_slot(slots, "192.0.2.7", 70, b"") == new_slot("192.0.2.7", 70, OTHER_CLASS)
    assert awaited_slot(slots, "192.0.2.8", 70, b"") is None
