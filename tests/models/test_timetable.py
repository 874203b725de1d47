"""Which window runs: over midnight, on weekdays, where the clock changes; against a clock that is watched."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.tables.plans import windows_of
from models.timetable import Timetable, timetable
from tests.support.watched_clock import MOMENTS, QUARTER, ZONES, plan_hours, watched

NIGHT = {"from": "22:00", "to": "06:00", "bandwidth_limit": 50, "counts": False}


def table(*hours: dict[str, object], zone: str = "Europe/Berlin") -> Timetable:
    made = timetable(zone, windows_of(hours))
    assert made is not None
    return made


def at(text: str, zone: str = "Europe/Berlin") -> float:
    """A time on the wall; the first of two."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def changes(made: Timetable, begin: str, end: str, zone: str = "Europe/Berlin") -> list[str]:
    """Times on the wall at which something changes between two."""
    moment, until, seen = at(begin, zone), at(end, zone), []
    while (change := made.next_change(moment)) is not None and change < until:
        seen.append(datetime.fromtimestamp(change, ZoneInfo(zone)).strftime("%a %H:%M"))
        moment = change
    return seen


@pytest.mark.parametrize(("moment", "rate"), [
    ("2026-03-10 21:59:59.999999", None), ("2026-03-10 22:00", "50M/50M"), ("2026-03-11 00:00", "50M/50M"),
    ("2026-03-11 05:59:59.999999", "50M/50M"), ("2026-03-11 06:00", None),
])  # fmt: skip
def test_a_window_runs_from_its_first_moment_to_its_last_over_midnight(moment: str, rate: str | None) -> None:
    span = table(NIGHT).at(at(moment))
    assert (span.rate, span.counts) == (rate, rate is None)


def test_weekdays_are_those_on_which_a_window_begins() -> None:
    weekend = table(NIGHT | {"weekdays": [5, 6]})
    assert changes(weekend, "2026-03-09 00:00", "2026-03-16 00:00") == [
        "Fri 22:00", "Sat 06:00", "Sat 22:00", "Sun 06:00"
    ]  # fmt: skip


def test_of_windows_that_overlap_the_first_holds() -> None:
    hours = table({"from": "23:00", "to": "01:00", "bandwidth_limit": 1}, NIGHT)
    assert [hours.at(at(f"2026-03-10 {clock}")).rate for clock in ("22:30", "23:30")] == ["50M/50M", "1M/1M"]
    assert changes(hours, "2026-03-10 12:00", "2026-03-11 12:00") == [
        "Tue 22:00",
        "Tue 23:00",
        "Wed 01:00",
        "Wed 06:00",
    ]


def test_a_whole_day_begins_and_ends_at_its_time() -> None:
    sunday = table({"from": "00:00", "to": "24:00", "weekdays": [7], "counts": False})
    assert changes(sunday, "2026-03-10 00:00", "2026-03-17 00:00") == ["Sun 00:00", "Mon 00:00"]
    assert (
        changes(table({"from": "12:00", "to": "12:00", "counts": False}), "2026-03-10 00:00", "2026-03-12 00:00") == []
    )


def test_what_never_changes_says_so() -> None:
    same = table({"from": "00:00", "to": "24:00", "counts": False})
    assert same.next_change(at("2026-03-10 12:00")) is None
    assert same.last_change(at("2026-03-10 12:00")) is None
    assert same.turns(at("2026-03-10 12:00"), at("2026-03-20 12:00")) == []


def test_where_the_clock_jumps_over_a_boundary_the_jump_is_the_boundary() -> None:
    spring = table(
        {"from": "02:15", "to": "02:45", "counts": False}, {"from": "02:45", "to": "05:00", "bandwidth_limit": 9}
    )
    jump = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()
    assert spring.next_change(at("2026-03-28 12:00")) == at("2026-03-29 03:00") == jump
    assert spring.at(jump).rate == "9M/9M", "the window before it is not there that night"


def test_an_hour_that_comes_twice_begins_and_ends_a_window_once() -> None:
    autumn = table({"from": "02:30", "to": "06:00", "counts": False})
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    assert autumn.next_change(at("2026-10-24 12:00")) == first
    assert autumn.next_change(first) == datetime(2026, 10, 25, 5, tzinfo=UTC).timestamp()
    assert autumn.last_change(first + 7200) == first


APIA = [{"from": "22:00", "to": "06:00", "weekdays": [4, 5], "counts": False}]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ZONES), plan_hours, st.sampled_from(MOMENTS), st.integers(-200, 200))
@example("Pacific/Apia", APIA, MOMENTS[0], -4)
def test_it_is_what_a_clock_shows_that_is_watched(
    zone: str, hours: list[dict[str, object]], base: float, quarters: int
) -> None:
    windows = windows_of(hours)
    made = timetable(zone, windows)
    assert made is not None
    begin = base + quarters * QUARTER
    for step in range(40):
        moment = begin + step * QUARTER
        assert tuple(made.at(moment)[2:]) == watched(zone, windows, moment), (zone, moment)
    states = [made.at(begin + step * QUARTER) for step in range(40)]
    turned = [after.start for before, after in pairwise(states) if before.counts != after.counts]
    assert set(turned) <= set(made.turns(begin - 1, begin + 39 * QUARTER + 1))
    change = made.last_change(begin)
    assert change is None or (made.before(change)[2:] != made.at(change)[2:] and change <= begin)
