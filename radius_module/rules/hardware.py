"""Which of the customer's own devices logs in."""

from __future__ import annotations

from radius_module.rules.facts import Facts, Shown


def mac_mismatch(facts: Facts) -> bool:
    """The customer may come from one device only, and this is not it."""
    return facts.customer is not None and bool(facts.customer.mac) and facts.customer.mac != facts.mac


def show_mac(facts: Facts) -> Shown:
    return {"expected": facts.customer.mac or None if facts.customer else None, "seen": facts.mac or None}
