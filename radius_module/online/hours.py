"""What the hours of a plan say at a moment, in the tenant's zone."""

from __future__ import annotations

from math import inf

from models.timetable import Timetable, timetable
from radius_module.rules.facts import ANY_HOUR, Hour, Isp, Plan


def table_of(plan: Plan | None, isp: Isp | None) -> Timetable | None:
    """None for a plan without hours."""
    return None if plan is None or isp is None or not plan.windows else timetable(isp.timezone, plan.windows)


def hour_of(plan: Plan | None, isp: Isp | None, now: float) -> tuple[Hour, float, float]:
    """What holds, and the times between which it does."""
    table = table_of(plan, isp)
    if table is None:
        return ANY_HOUR, -inf, inf
    start, end, rate, counts = table.at(now)
    return Hour(rate, counts), start, end
