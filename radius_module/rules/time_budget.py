"""Whether any of the period's time online is left."""

from __future__ import annotations

from radius_module.rules.facts import Facts, Shown


def seconds_left(facts: Facts) -> int | None:
    """Of the running period; None where the plan does not limit it."""
    if facts.plan is None or facts.plan.time_limit is None:
        return None
    return max(0, facts.plan.time_limit - facts.seconds)


def time_used_up(facts: Facts) -> bool:
    """Nothing is left."""
    return seconds_left(facts) == 0


def show_time(facts: Facts) -> Shown:
    limit = None if facts.plan is None else facts.plan.time_limit
    used = None if limit is None else facts.seconds
    return {"used_seconds": used, "allowed_seconds": limit, "seconds_left": seconds_left(facts)}
