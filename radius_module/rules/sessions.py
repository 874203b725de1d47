"""On how many devices at once. The same device coming back takes over its own slot."""

from __future__ import annotations

from radius_module.rules.facts import Facts, Shown, Slot


def others(facts: Facts) -> list[Slot]:
    """Slots taken by other devices than the one that logs in."""
    return others_of(facts.own_slot, facts.slots)


def others_of(own: str, slots: tuple[Slot, ...]) -> list[Slot]:
    """Slots other than the one that a login takes over; all of them where it takes over none."""
    return [slot for slot in slots if not own or slot.mac != own]


def is_full(facts: Facts) -> bool:
    """All slots are taken by others."""
    allowed = facts.plan.simultaneous_use if facts.plan is not None else 1
    # Nearly always there is room without a look at the others.
    return len(facts.slots) >= allowed and len(others(facts)) >= allowed


def too_many_sessions(facts: Facts) -> bool:
    """All slots are taken, and the plan refuses newcomers.

    Where it lets them in, the worker ends the oldest session once the newcomer's is reported.
    """
    return is_full(facts) and not (facts.plan is not None and facts.plan.replaces_oldest)


def show_sessions(facts: Facts) -> Shown:
    return {"online": len(others(facts)), "allowed": facts.plan.simultaneous_use if facts.plan else 1}
