"""On how many devices at once. The same device coming back takes its own place over."""

from __future__ import annotations

from radius_module.rules.facts import Facts, Shown, Slot


def others(facts: Facts) -> list[Slot]:
    """Places taken by other devices than the one that asks."""
    return others_of(facts.mac, facts.slots)


def others_of(mac: str, slots: tuple[Slot, ...]) -> list[Slot]:
    """Places of other devices than that of `mac`; one whose MAC nobody knows is always another."""
    return [place for place in slots if not mac or place.mac != mac]


def is_full(facts: Facts) -> bool:
    """All places are taken by others."""
    allowed = facts.plan.simultaneous_use if facts.plan is not None else 1
    # Nearly always there is room without a look at who the others are.
    return len(facts.slots) >= allowed and len(others(facts)) >= allowed


def too_many_sessions(facts: Facts) -> bool:
    """All places are taken, and the plan keeps those who are in."""
    return is_full(facts) and not (facts.plan is not None and facts.plan.replaces_oldest)


def gives_way(facts: Facts) -> Slot | None:
    """The oldest other place, where the plan lets a newcomer push it out."""
    if facts.plan is None or not facts.plan.replaces_oldest or not is_full(facts):
        return None
    return min(others(facts), key=lambda place: place.since)


def show_sessions(facts: Facts) -> Shown:
    return {"online": len(others(facts)), "allowed": facts.plan.simultaneous_use if facts.plan else 1}
