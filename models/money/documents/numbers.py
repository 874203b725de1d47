"""Numbers are given at issue, from a row that is locked until the issue is committed or undone: without a gap."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.refusals import Invalid

_PATTERN = re.compile(r"[^{}]*(\{(year|month)\}[^{}]*)*\{number(:0[1-9])?\}[^{}]*(\{(year|month)\}[^{}]*)*")
_NUMBER = re.compile(r"\{number(?::0([1-9]))?\}")
#: Where the number stands in the name of a series.
_PLACE = "#"


class Series(NamedTuple):
    """`name`: the pattern with everything but the number filled in. The width of the number may change within one."""

    name: str
    pattern: str
    resets: str

    def printed(self, number: int) -> str:
        """`INV-2026-00042`"""
        digits = _NUMBER.search(self.pattern)
        width = int(digits.group(1) or 1) if digits else 1
        return self.name.replace(_PLACE, f"{number:0{width}d}")


def check_pattern(pattern: str, field: str) -> None:
    """One {number}, and {year} and {month} where wanted; a month without its year would give a number twice."""
    if not _PATTERN.fullmatch(pattern) or _PLACE in pattern:
        raise Invalid(field, "must hold {number} once, and may hold {year} and {month}, as in INV-{year}-{number:05}")
    if "{month}" in pattern and "{year}" not in pattern:
        raise Invalid(field, "must hold {year} where it holds {month}: numbers would come again")


def series_of(pattern: str, on: date) -> Series:
    """The series that a document of that day is counted in.

    >>> series_of("INV-{year}-{number:05}", date(2026, 3, 1)).printed(42)
    'INV-2026-00042'
    """
    resets = "month" if "{month}" in pattern else "year" if "{year}" in pattern else "never"
    filled = pattern.replace("{year}", f"{on.year:04d}").replace("{month}", f"{on.month:02d}")
    return Series(_NUMBER.sub(_PLACE, filled), pattern, resets)


def take(session: Session, isp_id: int, series: Series, count: int) -> int:
    """The first of `count` numbers, which are the caller's if the transaction is committed, and nobody's otherwise."""
    values = {"isp_id": isp_id, "series": series.name, "pattern": series.pattern, "resets": series.resets}
    return int(session.scalar(_TAKE, values | {"count": count}) or 0)


_TAKE = text("""
insert into number_series as s (isp_id, series, pattern, next, resets)
values (:isp_id, :series, :pattern, 1 + :count, :resets)
on conflict (isp_id, series) do update set next = s.next + :count, pattern = excluded.pattern
returning next - :count
""")
