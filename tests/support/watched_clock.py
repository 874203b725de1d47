"""A clock on the wall that is watched: another way to know which hours run than the one that is tested."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from models.timetable import Window

#: Zones whose clocks change in as many ways: by an hour, by half of one, over midnight, by a whole day, by none.
ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia", "Africa/Nairobi")
#: About the changes of all the zones, and a time without one; whole hours.
MOMENTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    for text in ("2011-12-30T10:00", "2026-03-29T01:00", "2026-04-04T15:00", "2026-06-01T00:00", "2026-09-06T04:00",
                 "2026-10-25T01:00")
)  # fmt: skip
QUARTER = 900

_clock = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 15, 30)))
#: Hours of a plan, which begin and end at quarters.
plan_hours = st.lists(
    st.fixed_dictionaries({
        "from": _clock, "to": _clock, "weekdays": st.none() | st.lists(st.integers(1, 7), min_size=1, max_size=3),
        "bandwidth_limit": st.none() | st.sampled_from((5, 50)), "counts": st.sampled_from((False, False, True)),
    }), min_size=1, max_size=4,
)  # fmt: skip


def watched(zone: str, windows: tuple[Window, ...], moment: float) -> tuple[str | None, bool]:
    """(rate, whether it counts), by a clock that is looked at each quarter of an hour."""
    day = datetime.fromtimestamp(moment, ZoneInfo(zone)).date()
    for minutes, until, weekdays, rate, counts in windows:
        for first in (day, day - timedelta(days=1)):
            if weekdays >> first.weekday() & 1 and _shown(zone, first, minutes) <= moment < _shown(zone, first, until):
                return rate, counts
    return None, True


@lru_cache(100_000)
def _shown(zone: str, day: date, minutes: int) -> float:
    """When the clock first shows that time of the day, or a later one."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    moment = wall.replace(tzinfo=UTC).timestamp() - 26 * 3600
    while datetime.fromtimestamp(moment, ZoneInfo(zone)).replace(tzinfo=None) < wall:
        moment += QUARTER
    return moment
