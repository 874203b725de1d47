"""What a plan's line carries at most, for counters in memory as for the books (models.accounting.plausible)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from models.accounting.plausible import LEAST_RATE, most_a_second
from models.timetable import Timetable
from radius_module.rules.facts import Plan

_MBPS = {"M": 1.0, "k": 0.001}


class Line(NamedTuple):
    """What bounds the sessions of a customer, and when their octets count."""

    #: Open sessions; more are kept as evidence.
    most_open: int = 22
    #: Octets a second.
    rate: float = LEAST_RATE
    timetable: Timetable | None = None


USUAL = Line()


def line_rate(plan: Plan | None) -> float:
    """Octets a second."""
    if plan is None:
        return LEAST_RATE
    if plan.windows:
        rates = [rate for rate in (plan.rate, *(window[3] for window in plan.windows)) if rate is not None]
        return max(map(_of_text, rates), default=LEAST_RATE)
    return LEAST_RATE if plan.rate is None else _of_text(plan.rate)


@lru_cache(1024)
def _of_text(rate: str) -> float:
    """Of `Mikrotik-Rate-Limit` as models.tables.plans writes it: `2500k/10M`."""
    return most_a_second(max(float(part[:-1]) * _MBPS[part[-1]] for part in rate.split("/")))
