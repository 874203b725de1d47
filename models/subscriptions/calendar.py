"""The calendar of paid periods: pure arithmetic in the tenant's time zone.

All datetimes are aware. A day or a month later means the same time on the wall, so that a change of the clock
makes a period an hour shorter or longer and never moves its end.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

#: No paid period ends later: dates stay within what every part can write.
LATEST_YEAR = 2999
#: `customers.expires_at` of one whose first period begins with the first login: no earlier end means that.
UNTIL_FIRST_LOGIN = datetime(2900, 1, 1, tzinfo=UTC)
#: Of a plan whose validity is not given.
DEFAULT_VALIDITY_DAYS = 30


def add_days(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same time on the wall, so many days later."""
    return _on_the_wall(_wall(moment, zone) + timedelta(days=days), zone)


def add_months(moment: datetime, months: int, zone: ZoneInfo) -> datetime:
    """The same day and time of a later month, or that month's last day."""
    wall = _wall(moment, zone)
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    day = min(wall.day, monthrange(year, month + 1)[1])
    return _on_the_wall(wall.replace(year=year, month=month + 1, day=day), zone)


def months_between(earlier: datetime, later: datetime, zone: ZoneInfo) -> int:
    """How many months the calendar shows from the one to the other, whatever the days."""
    first, last = _wall(earlier, zone), _wall(later, zone)
    return (last.year - first.year) * 12 + last.month - first.month


def boundaries(
    anchor: datetime, start: datetime, count: int, days: int | None, months: int | None, zone: ZoneInfo
) -> list[tuple[datetime, datetime]]:
    """`count` periods in a row from `start` on, as (start, end).

    Months are counted from `anchor`, the start of the unbroken run of periods, so that one that began on the 31st
    comes back to the 31st after a February.
    """
    if months:
        passed = months_between(anchor, start, zone)
        ends = [add_months(anchor, passed + months * number, zone) for number in range(1, count + 1)]
    else:
        ends = [add_days(start, (days or DEFAULT_VALIDITY_DAYS) * number, zone) for number in range(1, count + 1)]
    return list(zip([start, *ends[:-1]], ends, strict=True))


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _on_the_wall(wall: datetime, zone: ZoneInfo) -> datetime:
    """A time that the clock change skips is taken as the moment it would have been (PEP 495, fold 0)."""
    return wall.replace(tzinfo=zone).astimezone(UTC)
