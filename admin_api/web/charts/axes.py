"""What a chart's axes say: every day of a time, months by their names, round steps up to the highest column."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Beyond this many columns of names a picture says less than the table.
MOST_NAMES = 30
_MOST_STEPS = 8


def every_day(since: date, until: date) -> list[date]:
    """Both included."""
    return [since + timedelta(days=number) for number in range((until - since).days + 1)]


def every_month(since: date, until: date) -> list[date]:
    """The first days of the months that the time touches."""
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(first, last + 1)]


def month_name(day: date) -> str:
    """`Jan 2027`, which no setting of the server translates."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def steps(highest: int, lowest: int = 0) -> list[int]:
    """Whole numbers from the lowest or just below to the highest or just above, 0 among them.

    At most eight steps of 1, 2 or 5 times a power of ten on either side of 0.
    """
    sizes = (factor * 10**power for power in itertools.count() for factor in (1, 2, 5))
    step = next(size for size in sizes if size * _MOST_STEPS >= max(highest, -lowest))
    first, last = lowest // step, -(-highest // step)
    return [step * number for number in range(first, max(last, first + 1) + 1)]


def fewer(
    title: str, labels: Sequence[str], series: Mapping[str, Sequence[int]]
) -> tuple[str, list[str], dict[str, list[int]]]:
    """The first columns, and a title that says of how many."""
    if len(labels) > MOST_NAMES:
        title = f"{title}, {MOST_NAMES} of {len(labels)}"
    return title, list(labels[:MOST_NAMES]), {name: list(values[:MOST_NAMES]) for name, values in series.items()}
