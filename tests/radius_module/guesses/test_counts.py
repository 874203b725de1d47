"""Wrong passwords of the last hour: the clock is given, and every limit is tried below, at and above."""

from __future__ import annotations

from threading import Thread

import pytest

from radius_module.guesses import counts
from radius_module.guesses.counts import GuessCounts
from radius_module.rules.facts import NO_GUESSES
from radius_module.rules.identity import MOST_WRONG
from tests.support.facts_made import MAC, NOW, OTHER_MAC

JOHN, JANE = 7000, 7001
DAY = 86_400.0


def guessed(wrong: int, *, now: float = NOW, used: GuessCounts | None = None, customer: int = JOHN) -> GuessCounts:
    """So many wrong ones, a second apart, the last at `now`."""
    guesses = used or GuessCounts()
    for number in range(wrong):
        guesses.claim(customer, f"guesser {number}", False, now - wrong + 1 + number)
    return guesses


def judged(guesses: GuessCounts, count: int, *, start: float, apart: float) -> int:
    """How many of so many further wrong ones are looked at."""
    looked_at = 0
    for number in range(count):
        seen = guesses.claim(JOHN, f"other {number}", False, start + number * apart)
        looked_at += seen.wrong < MOST_WRONG or seen.is_due
    return looked_at


@pytest.mark.parametrize(("wrong", "held_back"), [(0, False), (MOST_WRONG - 1, False), (MOST_WRONG, True)])
def test_sixty_wrong_ones_an_hour_are_looked_at(wrong: int, held_back: bool) -> None:
    guesses = guessed(wrong)
    assert guesses.holds_back(JOHN, OTHER_MAC, NOW + 1) is held_back
    assert not guesses.holds_back(JANE, OTHER_MAC, NOW + 1)


@pytest.mark.parametrize(("after", "due"), [(9.9, False), (10.0, True)])
def test_beyond_them_one_decision_in_ten_seconds(after: float, due: bool) -> None:
    guesses = guessed(MOST_WRONG)
    assert guesses.claim(JOHN, OTHER_MAC, False, NOW + after).is_due is due
    assert guesses.claim(JOHN, OTHER_MAC, False, NOW + after + 0.05).is_due is False


def test_the_bound_of_an_hour_of_guesses() -> None:
    """Ten a second: sixty, and then one in ten seconds."""
    assert 400 <= judged(GuessCounts(), 36_000, start=NOW, apart=0.1) <= 60 + 360


def test_a_right_password_of_an_unknown_device_takes_the_turn_too() -> None:
    guesses = guessed(MOST_WRONG)
    assert guesses.claim(JOHN, OTHER_MAC, True, NOW + 10).is_due
    assert not guesses.claim(JOHN, OTHER_MAC, True, NOW + 19.9).is_due
    assert guesses.claim(JOHN, OTHER_MAC, True, NOW + 20).is_due


def test_a_known_device_takes_nobodys_turn() -> None:
    guesses = guessed(MOST_WRONG)
    guesses.remember(JOHN, MAC, NOW)
    assert guesses.claim(JOHN, MAC, True, NOW + 10).from_known_device
    assert guesses.claim(JOHN, OTHER_MAC, True, NOW + 10).is_due


@pytest.mark.parametrize(("after", "held_back"), [(3599.0, True), (3600.0, False)])
def test_they_are_those_of_the_last_hour(after: float, held_back: bool) -> None:
    guesses = guessed(1)
    guessed(MOST_WRONG - 1, now=NOW + 3595, used=guesses)
    assert guesses.holds_back(JOHN, MAC, NOW + after) is held_back


@pytest.mark.parametrize(("days", "known"), [(29.9, True), (30.0, False)])
def test_a_device_is_known_for_thirty_days(days: float, known: bool) -> None:
    guesses = GuessCounts()
    guesses.remember(JOHN, MAC, NOW - days * DAY)
    guessed(MOST_WRONG, used=guesses)
    assert guesses.seen(JOHN, MAC, NOW).from_known_device is known
    assert not guesses.seen(JOHN, OTHER_MAC, NOW).from_known_device


def test_a_login_without_a_station_makes_no_device_known() -> None:
    guesses = GuessCounts()
    guesses.remember(JOHN, "", NOW)
    guessed(MOST_WRONG, used=guesses)
    assert guesses.holds_back(JOHN, "", NOW + 1)


def test_what_is_booked_counts_once_and_twice_is_once() -> None:
    guesses = guessed(40)
    own = [NOW - 39 + number for number in range(40)]
    elsewhere = [NOW - 0.5 - number for number in range(20)]
    assert guesses.merge(JOHN, own, NOW) == 40
    assert guesses.merge(JOHN, [*own, *elsewhere], NOW) == 60
    assert guesses.merge(JOHN, [*own, *elsewhere], NOW) == 60
    assert guesses.holds_back(JOHN, MAC, NOW + 1)


def test_two_within_a_millisecond_are_two() -> None:
    guesses = GuessCounts()
    for _ in range(MOST_WRONG):
        guesses.claim(JOHN, MAC, False, NOW)
    assert guesses.holds_back(JOHN, MAC, NOW + 1)


def test_what_another_nodes_clock_is_ahead_of_counts_and_a_clock_set_back_holds_nobody() -> None:
    guesses = GuessCounts()
    guesses.merge(JOHN, [NOW + 2] * MOST_WRONG, NOW)
    assert guesses.holds_back(JOHN, MAC, NOW)
    assert not guesses.holds_back(JOHN, MAC, NOW - DAY)


def test_devices_of_the_books_are_known() -> None:
    guesses = guessed(MOST_WRONG)
    guesses.learn_devices(JOHN, {MAC: NOW - 29 * DAY}, NOW + 0.2)
    assert guesses.devices_read_at(JOHN) == NOW + 0.2
    assert not guesses.holds_back(JOHN, MAC, NOW + 0.3)
    assert guesses.holds_back(JOHN, OTHER_MAC, NOW + 0.3)


def test_customers_without_wrong_passwords_cost_nothing() -> None:
    guesses = GuessCounts()
    assert guesses.claim(JOHN, MAC, True, NOW) == NO_GUESSES
    assert guesses.seen(JOHN, MAC, NOW) == NO_GUESSES
    assert not guesses._counts


def test_old_ones_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    guesses = GuessCounts()
    for customer in range(1000):
        guessed(MOST_WRONG, used=guesses, customer=customer)
    assert len(guesses._counts) == len(guesses.crowded) == 1000
    for number in range(600):
        guesses.claim(JANE, MAC, False, NOW + 3700 + number)
    assert set(guesses._counts) == guesses.crowded == {JANE}
    monkeypatch.setattr(counts, "_MOST_RECENT", 100)
    for number in range(1000):
        guesses.remember(number, MAC, NOW)
        assert len(guesses._recent) + len(guesses._before) <= 200


def test_many_at_the_same_moment_do_not_slip_through() -> None:
    guesses, looked_at = GuessCounts(), []

    def guess() -> None:
        looked_at.append(judged(guesses, 2000, start=NOW, apart=0.0))

    threads = [Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(looked_at) == MOST_WRONG
