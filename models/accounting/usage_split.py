"""Where growth belongs in time: spread evenly over an interval, cut at midnights, where periods begin, and where the
hours of the plan begin or cease to count.

Pure arithmetic. Moments are epoch seconds; a share is a whole number of octets, and shares sum to the whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.timetable import Timetable

_DAY = timedelta(days=1)
#: More cuts than ten years of days are no router's doing: such growth is booked where it was reported.
_CUTS = 3660


class Growth(NamedTuple):
    """Octets, and seconds online, that came between two moments; `start == end` for what is booked at one moment."""

    octets_in: int
    octets_out: int
    start: float
    end: float
    seconds: int = 0


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

    Beside them the hours of the customer's plan.

    A name is the start that the books have; for the time before the first period, when the customer was created.
    Growth after the last one's end belongs to the last.
    """

    starts: Sequence[float]
    names: Sequence[float]
    timetable: Timetable | None = None

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
    begin, taken = growth.start, (0, 0, 0)
    whole = growth.octets_in, growth.octets_out, growth.seconds
    for moment in (*cuts, growth.end):
        reached = tuple(_part(amount, moment - growth.start, span) for amount in whole)
        octets_in, octets_out, seconds = (now - before for now, before in zip(reached, taken, strict=True))
        yield Growth(octets_in, octets_out, begin, moment, seconds)
        begin, taken = moment, (reached[0], reached[1], reached[2])


class Piece(NamedTuple):
    """Growth of one day and one period that counts, or does not."""

    day: date
    period: float
    counts: bool
    growth: Growth


def placed(growth: Growth, calendar: Calendar, periods: Periods) -> Iterator[Piece]:
    """All pieces, cut at midnights, at the beginnings of periods and where octets begin or cease to count."""
    day, timetable = calendar.day(growth.start), periods.timetable
    turns = [] if timetable is None else timetable.turns(growth.start, growth.end)
    cuts = [*periods.beginning(growth.start, growth.end), *turns]
    if growth.end <= day.end and not cuts:
        counts = timetable is None or timetable.counts(growth.start)
        yield Piece(day.date, periods.name(growth.start), counts, growth)
        return
    cuts = sorted({*calendar.midnights(growth.start, growth.end), *cuts})
    if len(cuts) > _CUTS:
        growth, cuts = growth._replace(start=growth.end), []
    for piece in pieces(growth, cuts):
        counts = timetable is None or timetable.counts(piece.start)
        yield Piece(calendar.day(piece.start).date, periods.name(piece.start), counts, piece)


def uncounted(growth: Growth, timetable: Timetable) -> int:
    """What of the growth does not count, both directions: the same octets as the books find, wherever they cut."""
    shares = pieces(growth, timetable.turns(growth.start, growth.end))
    return sum(share.octets_in + share.octets_out for share in shares if not timetable.counts(share.start))


def _part(octets: int, elapsed: float, span: float) -> int:
    """Octets of `elapsed` out of `span` seconds, in microseconds so that it is exact for 64-bit counters."""
    whole = round(span * 1_000_000)
    return octets if elapsed >= span or whole == 0 else octets * round(elapsed * 1_000_000) // whole
