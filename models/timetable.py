"""Hours of a plan: which of its windows runs at a moment, by the clock on the tenant's wall. Pure arithmetic.

A window begins at the first moment at which the clock shows its beginning or has jumped over it, and ends at the first
at which it shows its end or has jumped over that: an hour that comes twice begins or ends nothing twice. Of windows
that overlap the first in the list holds. Moments are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = timedelta(days=1)
#: A state that does not change within so many days is taken for one that never does: every window recurs in a week.
_HORIZON = 9
#: Before a moment at which something changes: clocks change at whole seconds.
_BEFORE = 0.5

#: Minutes from the midnight of the day on which it begins, to (beyond 1440 on the next), days as bits (Monday is 1),
#: `Mikrotik-Rate-Limit` (None: the plan's), whether octets count.
Window = tuple[int, int, int, str | None, bool]


class Span(NamedTuple):
    """A time in which nothing changes. `rate`: None is the plan's own."""

    start: float
    end: float
    rate: str | None
    counts: bool


class Timetable:
    """The windows of one plan in one time zone. Remembers the last time asked for: nearly all questions are of now."""

    def __init__(self, zone: ZoneInfo, windows: tuple[Window, ...]) -> None:
        self._zone, self._windows = zone, windows
        #: Is there a window whose octets do not count?
        self.has_free = not all(window[4] for window in windows)
        self._last = Span(0.0, 0.0, None, True)

    def at(self, moment: float) -> Span:
        """What holds at a moment; a boundary belongs to what it begins. No span is longer than a day."""
        last = self._last
        if last.start <= moment < last.end:
            return last
        spans = self._spans_of(datetime.fromtimestamp(moment, self._zone).date())
        self._last = next((span for span in spans if span.start <= moment < span.end), spans[-1])
        return self._last

    def counts(self, moment: float) -> bool:
        """Do octets of that moment count?"""
        return self.at(moment).counts

    def turns(self, start: float, end: float) -> list[float]:
        """Moments strictly between the two from which octets begin to count, or no longer do."""
        if not self.has_free:
            return []
        return [after.start for before, after in pairwise(self._between(start, end)) if before.counts != after.counts]

    def next_change(self, moment: float) -> float | None:
        """The first later moment at which something changes; None where nothing ever does."""
        last = moment + _HORIZON * _DAY.total_seconds()
        return next(
            (after.start for before, after in pairwise(self._between(moment, last)) if before[2:] != after[2:]), None
        )

    def last_change(self, moment: float) -> float | None:
        """The latest moment, this one included, at which something changed."""
        span, earliest = self.at(moment), moment - _HORIZON * _DAY.total_seconds()
        while span.start > earliest:
            before = self.at(span.start - _BEFORE)
            if before[2:] != span[2:]:
                return span.start
            span = before
        return None

    def before(self, change: float) -> Span:
        """What held until that change."""
        return self.at(change - _BEFORE)

    def _between(self, start: float, end: float) -> Iterator[Span]:
        span = self.at(start)
        yield span
        while span.end < end:
            span = self.at(span.end)
            yield span

    def _spans_of(self, day: date) -> list[Span]:
        """The spans of one day on the wall, from its first moment to the next day's."""
        begin, end = self._first(day, 0), self._first(day + _DAY, 0)
        running = []
        for minutes, until, weekdays, rate, counts in self._windows:
            for first in (day - _DAY, day):
                if weekdays >> first.weekday() & 1:
                    since, to = max(begin, self._first(first, minutes)), min(end, self._first(first, until))
                    running += [Span(since, to, rate, counts)] if since < to else []
        moments = sorted({begin, end, *(span.start for span in running), *(span.end for span in running)})
        spans: list[Span] = []
        for since, to in pairwise(moments):
            state = next(((span.rate, span.counts) for span in running if span.start <= since < span.end), (None, True))
            if spans and spans[-1][2:] == state:
                spans[-1] = spans[-1]._replace(end=to)
            else:
                spans.append(Span(since, to, *state))
        return spans

    def _first(self, day: date, minutes: int) -> float:
        """The first moment at which the clock shows that time of the day, or has jumped over it (PEP 495)."""
        wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
        moment = wall.replace(tzinfo=self._zone).timestamp()
        if self._wall(moment) == wall:
            return moment
        early, late = int(wall.replace(tzinfo=self._zone, fold=1).timestamp()), int(moment)
        while late - early > 1:
            middle = (early + late) // 2
            early, late = (early, middle) if self._wall(middle) >= wall else (middle, late)
        return float(late)

    def _wall(self, moment: float) -> datetime:
        return datetime.fromtimestamp(moment, self._zone).replace(tzinfo=None)


@lru_cache(4096)
def timetable(zone: str, windows: tuple[Window, ...]) -> Timetable | None:
    """Of a plan's windows in the tenant's zone; UTC for a name that is none. None: a plan without windows."""
    if not windows:
        return None
    try:
        return Timetable(ZoneInfo(zone), windows)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return Timetable(ZoneInfo("UTC"), windows)
