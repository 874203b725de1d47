"""Whether the customer is suspended or has expired."""

from __future__ import annotations

from math import isinf

from radius_module.rules.facts import Facts, Shown


def suspended(facts: Facts) -> bool:
    """The provider has suspended the customer."""
    return facts.customer is not None and facts.customer.status == "suspended"


def expired(facts: Facts) -> bool:
    """The paid time is over: at the very second of expires_at, not after it."""
    customer = facts.customer
    return customer is not None and (customer.status == "expired" or facts.now >= customer.expires_at)


def show_status(facts: Facts) -> Shown:
    return {"status": facts.customer.status if facts.customer else None}


def show_expiry(facts: Facts) -> Shown:
    customer = facts.customer
    if customer is None or isinf(customer.expires_at):
        return {"expires_at": None, "seconds_left": None}
    shown: Shown = {
        "expires_at": customer.expires_at,
        "seconds_left": max(0, int(customer.expires_at - facts.now)),
    }
    # Then the end is that of a period which would begin with this login.
    return shown | {"begins_with_this_login": True} if customer.not_started else shown
