"""Whether any of the period's allowance is left: one comparison, never a sum over history."""

from __future__ import annotations

from radius_module.rules.facts import Facts, Shown


def allowance(facts: Facts) -> int | None:
    """Octets of the running period, plan and top-ups together; None where the plan has no cap."""
    plan, customer = facts.plan, facts.customer
    if plan is None or customer is None or plan.data_limit is None:
        return None
    if not customer.topups:
        return plan.data_limit
    running = customer.period_start(facts.now)
    return plan.data_limit + sum(octets for start, octets in customer.topups if start == running)


def exhausted(facts: Facts) -> bool:
    """Nothing is left, in an hour that counts. A cap of 0 is used up from the beginning."""
    limit = allowance(facts)
    return limit is not None and facts.used >= limit and facts.hour.counts


def quota_exceeded(facts: Facts) -> bool:
    """Nothing is left, and the plan stops there instead of slowing down."""
    return facts.plan is not None and not facts.plan.throttles and exhausted(facts)


def show_quota(facts: Facts) -> Shown:
    limit = allowance(facts)
    return {"used_bytes": facts.used, "allowance_bytes": limit,
            "remaining_bytes": None if limit is None else max(0, limit - facts.used),
            "counts_now": facts.hour.counts}  # fmt: skip
