"""The calendar of paid periods: ends of months, leap years, changes of the clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.subscriptions.calendar import add_days, add_months, boundaries, months_between

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Manila", "Australia/Lord_Howe", "Asia/Kathmandu",
         "America/Sao_Paulo", "Africa/Nairobi", "Pacific/Apia")  # fmt: skip
BERLIN = ZoneInfo("Europe/Berlin")

zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # of UTC
lengths = st.one_of(
    st.tuples(st.integers(1, 3650), st.none()), st.tuples(st.none(), st.integers(1, 120)), st.just((None, None))
)


def wall(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def shown(moment: datetime, zone: ZoneInfo = BERLIN) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-28 12:00", 1, "2026-02-28 12:00"),
        ("2026-01-29 12:00", 1, "2026-02-28 12:00"),
        ("2026-01-30 12:00", 1, "2026-02-28 12:00"),
        ("2026-01-31 12:00", 1, "2026-02-28 12:00"),
        ("2028-01-28 12:00", 1, "2028-02-28 12:00"),
        ("2028-01-29 12:00", 1, "2028-02-29 12:00"),
        ("2028-01-30 12:00", 1, "2028-02-29 12:00"),
        ("2028-01-31 12:00", 1, "2028-02-29 12:00"),
        ("2028-02-29 12:00", 12, "2029-02-28 12:00"),
        ("2028-02-29 12:00", 48, "2032-02-29 12:00"),
        ("2096-02-29 12:00", 48, "2100-02-28 12:00"),
        ("2026-02-28 12:00", 1, "2026-03-28 12:00"),
        ("2026-03-31 12:00", 1, "2026-04-30 12:00"),
        ("2026-12-31 12:00", 1, "2027-01-31 12:00"),
        ("2026-12-31 23:59", 2, "2027-02-28 23:59"),
        ("2026-11-30 12:00", 3, "2027-02-28 12:00"),
    ],
)
def test_months_end_on_the_same_day_or_the_months_last(start: str, months: int, end: str) -> None:
    assert shown(add_months(wall(start), months, BERLIN)) == end


@pytest.mark.parametrize(
    ("start", "days", "end", "hours"),
    [
        ("2026-03-28 12:00", 1, "2026-03-29 12:00", 23),
        ("2026-10-24 12:00", 1, "2026-10-25 12:00", 25),
        ("2026-03-01 00:00", 30, "2026-03-31 00:00", 30 * 24 - 1),
        ("2026-10-01 00:00", 30, "2026-10-31 00:00", 30 * 24 + 1),
        ("2026-05-01 00:00", 30, "2026-05-31 00:00", 30 * 24),
    ],
)
def test_a_change_of_the_clock_makes_a_period_an_hour_shorter_or_longer(
    start: str, days: int, end: str, hours: int
) -> None:
    begin = wall(start)
    later = add_days(begin, days, BERLIN)
    assert shown(later) == end
    assert later - begin == timedelta(hours=hours)


def test_a_period_that_would_end_in_the_skipped_hour_ends_when_the_clock_has_jumped() -> None:
    assert shown(add_days(wall("2026-03-28 02:30"), 1, BERLIN)) == "2026-03-29 03:30"
    assert shown(add_months(wall("2026-02-28 02:30"), 1, BERLIN)) == "2026-03-28 02:30"


def test_a_period_that_ends_in_the_doubled_hour_ends_the_first_time() -> None:
    later = add_days(wall("2026-10-24 02:30"), 1, BERLIN)
    assert later == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_is_the_tenants_day_and_not_utcs() -> None:
    manila = ZoneInfo("Asia/Manila")
    assert add_months(datetime(2026, 1, 30, 17, tzinfo=UTC), 1, manila) == datetime(2026, 2, 27, 17, tzinfo=UTC)


def test_months_anchored_at_the_31st_come_back_to_it_after_a_short_month() -> None:
    anchor = wall("2026-01-31 12:00")
    periods = boundaries(anchor, anchor, 5, None, 1, BERLIN)
    assert [shown(end)[:10] for _start, end in periods] == [
        "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30",
    ]  # fmt: skip


def test_a_later_renewal_counts_from_the_same_anchor() -> None:
    anchor = wall("2026-01-31 12:00")
    [first] = boundaries(anchor, anchor, 1, None, 1, BERLIN)
    assert shown(first[1]) == "2026-02-28 12:00"
    [second] = boundaries(anchor, first[1], 1, None, 1, BERLIN)
    assert shown(second[1]) == "2026-03-31 12:00"


def test_without_any_validity_a_period_has_30_days() -> None:
    start = wall("2026-05-01 00:00")
    assert boundaries(start, start, 1, None, None, BERLIN) == [(start, start + timedelta(days=30))]


def test_months_between_are_those_that_the_calendar_shows() -> None:
    assert months_between(wall("2026-01-31 23:59"), wall("2026-02-01 00:00"), BERLIN) == 1
    assert months_between(wall("2026-01-01 00:00"), wall("2026-01-31 23:59"), BERLIN) == 0
    assert months_between(wall("2026-12-01 00:00"), wall("2025-11-01 00:00"), BERLIN) == -13


@given(moments, st.integers(1, 24), lengths, zones)
def test_periods_follow_each_other_without_a_gap_and_each_has_a_length(
    start: datetime, count: int, length: tuple[int | None, int | None], zone: ZoneInfo
) -> None:
    periods = boundaries(start, start, count, *length, zone)
    assert len(periods) == count
    assert periods[0][0] == start
    assert all(begin < end for begin, end in periods)
    assert all(before[1] == after[0] for before, after in pairwise(periods))


@given(moments, st.integers(1, 12), st.integers(1, 12), lengths, zones)
def test_several_periods_at_once_are_the_same_as_one_after_the_other(
    start: datetime, first: int, second: int, length: tuple[int | None, int | None], zone: ZoneInfo
) -> None:
    """Of a month the day is the anchor's; of days each renewal begins where the last one ended."""
    together = boundaries(start, start, first + second, *length, zone)
    first_run = boundaries(start, start, first, *length, zone)
    other = boundaries(start, first_run[-1][1], second, *length, zone)
    ends = zip(first_run + other, together, strict=True)
    assert all(abs(separate[1] - at_once[1]) <= timedelta(days=1) for separate, at_once in ends), (
        "but for a clock's jump"
    )
    if length[1]:
        assert first_run + other == together


@given(moments, st.integers(1, 120), zones)
def test_a_months_day_is_the_anchors_or_the_last_of_its_month(start: datetime, months: int, zone: ZoneInfo) -> None:
    began, ended = start.astimezone(zone), add_months(start, months, zone).astimezone(zone)
    assert (ended.year * 12 + ended.month) - (began.year * 12 + began.month) in (months, months + 1)
    next_day = ended + timedelta(days=1)
    assert ended.day == began.day or next_day.month != ended.month or ended.day == began.day + 1, (
        "another day only at a month's end, or where a zone skipped a day"
    )


@given(moments, st.integers(1, 400), zones)
def test_the_time_on_the_wall_is_kept_but_for_an_hour_that_the_clock_skips(
    start: datetime, days: int, zone: ZoneInfo
) -> None:
    began, ended = start.astimezone(zone), add_days(start, days, zone).astimezone(zone)
    shift = (ended.replace(tzinfo=None) - began.replace(tzinfo=None)) - timedelta(days=days)
    assert shift == timedelta(0) or timedelta(0) < shift <= timedelta(days=1)
