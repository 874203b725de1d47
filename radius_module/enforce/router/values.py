"""What RouterOS writes, as values: yes and true, durations, its clock's dates. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6}
_PART = re.compile(r"(\d+)(ms|us|w|d|h|m|s)")
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)")
_VERSION = re.compile(r"(\d+)\.(\d+)")
#: `nov/28/2026` up to 7.9, `2026-11-28` after it.
_DATES = ("%Y-%m-%d %H:%M:%S", "%b/%d/%Y %H:%M:%S")


def is_yes(text: str | None) -> bool:
    return text in ("yes", "true")


def seconds(text: str) -> float | None:
    """Of a duration in any notation; None for what is none.

    >>> seconds("1d02:00:05"), seconds("5m"), seconds("1s100ms"), seconds("received")
    (93605.0, 300.0, 1.1, None)
    """
    total, rest = 0.0, text
    if (clock := _CLOCK.search(rest)) is not None:
        hours, minutes, left = (int(part) for part in clock.groups())
        total, rest = hours * 3600.0 + minutes * 60 + left, rest.replace(clock[0], "")
    elif rest.isascii() and rest.isdigit():
        return float(rest)
    if not text or _PART.sub("", rest):
        return None
    return round(total + sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(rest)), 6)


def epoch(date: str, time: str, offset: str) -> float | None:
    """Of the router's clock; None for a notation that nobody here has seen."""
    sign = _OFFSET.fullmatch(offset)
    for form in _DATES:
        try:
            local = datetime.strptime(f"{date} {time}", form).replace(tzinfo=UTC)
        except ValueError:
            continue
        east = timedelta() if sign is None else timedelta(hours=int(sign[2]), minutes=int(sign[3]))
        return (local + east if sign is not None and sign[1] == "-" else local - east).timestamp()
    return None


def version(text: str) -> tuple[int, int]:
    """`7.16.2 (stable)` → (7, 16); (0, 0) for no version at all."""
    match = _VERSION.match(text)
    return (0, 0) if match is None else (int(match[1]), int(match[2]))


def is_same(before: str | None, after: str) -> bool:
    """Do both say the same, in RouterOS' several notations?"""
    if before is None:
        return False
    if before == after:
        return True
    words = {"true": "yes", "false": "no"}
    if words.get(before, before) == words.get(after, after):
        return True
    if "," in after or "," in before:
        return set(before.split(",")) == set(after.split(","))
    known, wanted = seconds(before), seconds(after)
    return known is not None and known == wanted
