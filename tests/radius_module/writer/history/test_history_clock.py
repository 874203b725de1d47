"""When the clock is believed, at each limit and beyond it."""

from __future__ import annotations

import pytest

from radius_module.writer.history.history_clock import LARGEST_LEAP, LONGEST_SILENCE, Clocks, Evidence, objection

NOW = 1_800_000_000.0
GOOD = Evidence(wall=NOW, database=NOW, leap=0.0, newest=NOW - 10, verified=NOW - 3600, confirmed=None)


def test_a_clock_that_everything_agrees_with_is_believed() -> None:
    assert objection(GOOD) is None


def test_an_installation_without_any_record_has_nothing_to_object() -> None:
    assert objection(GOOD._replace(newest=None, verified=None)) is None


@pytest.mark.parametrize("sign", [1, -1])
def test_a_leap_of_more_than_an_hour_is_not(sign: int) -> None:
    assert objection(GOOD._replace(leap=sign * LARGEST_LEAP)) is None
    assert "moved by" in str(objection(GOOD._replace(leap=sign * (LARGEST_LEAP + 1))))


@pytest.mark.parametrize("sign", [1, -1])
def test_two_machines_that_disagree_by_more_than_an_hour_are_not(sign: int) -> None:
    assert objection(GOOD._replace(database=NOW + sign * LARGEST_LEAP)) is None
    assert "apart" in str(objection(GOOD._replace(database=NOW + sign * (LARGEST_LEAP + 1))))


def test_more_than_forty_days_past_the_newest_record_it_is_not() -> None:
    assert objection(GOOD._replace(newest=NOW - LONGEST_SILENCE)) is None
    assert "41 days past the newest record" in str(objection(GOOD._replace(newest=NOW - LONGEST_SILENCE - 86_400)))


def test_records_that_a_wrong_clock_wrote_do_not_vouch_for_it() -> None:
    """Three years ahead, with traffic: the newest record is of now, and the last right time is not."""
    assert "1095 days past the last time" in str(objection(GOOD._replace(verified=NOW - 1095 * 86_400)))


def test_before_the_last_right_time_it_is_not() -> None:
    assert objection(GOOD._replace(verified=NOW + LARGEST_LEAP)) is None
    assert "before a time" in str(objection(GOOD._replace(verified=NOW + LARGEST_LEAP + 1)))


def test_an_operator_may_vouch_for_a_quiet_installation() -> None:
    quiet = GOOD._replace(newest=NOW - 2 * LONGEST_SILENCE, verified=NOW - 60)
    assert objection(quiet) is not None
    assert objection(quiet._replace(confirmed=NOW - 60)) is None


class Hands:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.wall, self.steady = NOW, 1000.0

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


def test_a_clock_that_is_set_leaps_and_time_that_passes_does_not() -> None:
    hands = Hands()
    clocks = Clocks(lambda: hands.wall, lambda: hands.steady)
    hands.pass_time(86_400)
    assert (clocks.leap, clocks.running) == (0.0, 86_400.0)
    hands.wall += 7200
    assert (clocks.leap, clocks.running) == (7200.0, 86_400.0)
    clocks.restart()
    assert (clocks.leap, clocks.running) == (0.0, 0.0)


def test_running_time_is_counted_once() -> None:
    hands = Hands()
    clocks = Clocks(lambda: hands.wall, lambda: hands.steady)
    hands.pass_time(10.75)
    assert (clocks.count(), clocks.count()) == (10, 0)
    hands.pass_time(0.25)
    assert clocks.count() == 1
