"""Where growth belongs in time: spread evenly over an interval, cut at midnights and where periods begin.

Pure arithmetic. Moments are epoch seconds; a share is a whole number of octets, and shares sum to the whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = timedelta(days=1)
#: More cuts than ten years of days are no router's doing: such growth is booked where it was reported.
_CUTS = 3660


class Growth(NamedTuple):
    """Octets that came between two moments; `start == end` for what is booked at one moment."""

    octets_in: int
    octets_out: int
    start: float
    end: float


class Day(NamedTuple):
    """A calendar day: from its midnight to the next, as moments. 23 or 25 hours long where the clock changes."""

    start: float
    end: float
    date: date


class Calendar:
    """Days of one time zone. Remembers the last one asked for: nearly every question is about today."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._last = Day(0, 0, date.min)

    @classmethod
    def of(cls, name: str) -> Calendar:
        """By the name of the zone; UTC for a name that is none."""
        try:
            return cls(ZoneInfo(name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return cls(ZoneInfo("UTC"))

    def day(self, moment: float) -> Day:
        """The day in which `moment` falls; a midnight belongs to the day that it begins."""
        if not self._last.start <= moment < self._last.end:
            today = datetime.fromtimestamp(moment, self._zone).date()
            self._last = Day(self._midnight(today), self._midnight(today + _DAY), today)
        return self._last

    def midnights(self, start: float, end: float) -> Iterator[float]:
        """Those strictly between the two moments."""
        midnight = self.day(start).end
        while midnight < end:
            yield midnight
            midnight = self.day(midnight).end

    def _midnight(self, day: date) -> float:
        """The day's first moment. Where the clock jumps over midnight that is the jump (PEP 495, fold 0)."""
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


class Periods(NamedTuple):
    """The paid periods of one customer: the moments at which they begin, in order, and their names in the books.

    A name is the start that the books have; for the time before the first period, when the customer was created.
    Growth after the last one's end belongs to the last.
    """

    starts: Sequence[float]
    names: Sequence[float]

    def name(self, moment: float) -> float:
        """The period that a moment belongs to."""
        return self.names[max(0, bisect_right(self.starts, moment) - 1)]

    def beginning(self, start: float, end: float) -> list[float]:
        """Beginnings strictly between the two moments; the first period's is none, as nothing is before it."""
        if len(self.starts) == 1:
            return []
        return [moment for moment in self.starts[1:] if start < moment < end]


def pieces(growth: Growth, cuts: Sequence[float]) -> Iterator[Growth]:
    """The growth cut at the moments, each piece with its even share.

    Shares are differences of rounded running sums, so that they are whole and none is lost.
    """
    span = growth.end - growth.start
    if span <= 0 or not cuts:
        yield growth
        return
    begin, taken_in, taken_out = growth.start, 0, 0
    for moment in (*cuts, growth.end):
        reached_in = _part(growth.octets_in, moment - growth.start, span)
        reached_out = _part(growth.octets_out, moment - growth.start, span)
        yield Growth(reached_in - taken_in, reached_out - taken_out, begin, moment)
        begin, taken_in, taken_out = moment, reached_in, reached_out


def placed(growth: Growth, calendar: Calendar, periods: Periods) -> Iterator[tuple[date, float, Growth]]:
    """(day, period, piece) of all pieces, cut at midnights and at the beginnings of periods."""
    day = calendar.day(growth.start)
    if growth.end <= day.end and not periods.beginning(growth.start, growth.end):
        yield day.date, periods.name(growth.start), growth
        return
    cuts = sorted({*calendar.midnights(growth.start, growth.end), *periods.beginning(growth.start, growth.end)})
    if len(cuts) > _CUTS:
        growth, cuts = growth._replace(start=growth.end), []
    for piece in pieces(growth, cuts):
        yield calendar.day(piece.start).date, periods.name(piece.start), piece


def _part(octets: int, elapsed: float, span: float) -> int:
    """Octets of `elapsed` out of `span` seconds, in microseconds so that it is exact for 64-bit counters."""
    whole = round(span * 1_000_000)
    return octets if elapsed >= span or whole == 0 else octets * round(elapsed * 1_000_000) // whole
