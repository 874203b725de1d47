"""What an accepted login gets."""

from __future__ import annotations

from radius_module.fast_tuple import maker
from radius_module.rules.facts import Facts, Grant
from radius_module.rules.quota import allowance, exhausted
from radius_module.rules.time_budget import seconds_left

#: The longest Session-Timeout that RouterOS takes, seconds.
LONGEST_SESSION = 21474720


_grant = maker(Grant)


def grant(facts: Facts) -> Grant:
    """The service of a customer whom no rule refuses."""
    customer, plan = facts.customer, facts.plan
    if customer is None:
        raise ValueError("a grant needs a customer")
    # 0 would be for ever to RouterOS. The date may be PostgreSQL's `infinity`.
    longest = int(min(customer.expires_at - facts.now, LONGEST_SESSION)) or 1
    if plan is None:
        return Grant(None, None, longest, None, customer.static_ip, None, customer.extra)
    limit = allowance(facts)
    slow = limit is not None and plan.throttles and exhausted(facts)
    left = seconds_left(facts)
    granted: Grant = _grant(
        (
            plan.throttled_rate if slow else facts.hour.rate or plan.rate,
            # A throttled customer goes on without a cap: slower, not cut off. So does one whose octets do not count.
            None if limit is None or slow or not facts.hour.counts else limit - facts.used,
            min(plan.session_timeout or LONGEST_SESSION, longest, longest if left is None else left),
            plan.idle_timeout,
            customer.static_ip,
            None if customer.static_ip else plan.address_pool,
            plan.extra + customer.extra,
        )
    )
    return granted


#: How often the router reports, seconds; three missed reports make a session stale.
INTERIM_INTERVAL = 300
