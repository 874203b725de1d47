"""What a plan's line carries at most, for counters in memory as for the books (models.accounting.plausible)."""

from __future__ import annotations

from functools import lru_cache

from models.accounting.plausible import LEAST_RATE, most_a_second
from radius_module.rules.facts import Plan

_MBPS = {"M": 1.0, "k": 0.001}


def line_rate(plan: Plan | None) -> float:
    """Octets a second."""
    return LEAST_RATE if plan is None or plan.rate is None else _of_text(plan.rate)


@lru_cache(1024)
def _of_text(rate: str) -> float:
    """Of `Mikrotik-Rate-Limit` as models.tables.plans writes it: `2500k/10M`."""
    return most_a_second(max(float(part[:-1]) * _MBPS[part[-1]] for part in rate.split("/")))
