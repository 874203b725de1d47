"""What the rules look at, gathered for one login: by the hooks from memory, by the API from the database."""

from __future__ import annotations

from radius_module.directory.contents import Directory
from radius_module.fast_tuple import maker
from radius_module.login.context import OnlineSlots
from radius_module.online.slot import own_slot
from radius_module.rules.facts import NO_GUESSES, Customer, Device, Facts, Guesses

_facts = maker(Facts)


def gather(
    directory: Directory,
    online: OnlineSlots,
    isp_id: int,
    device: Device | None,
    customer: Customer | None,
    mac: str,
    authentic: bool,
    now: float,
    eap: bool = False,
    guesses: Guesses = NO_GUESSES,
) -> Facts:
    """The facts of one login at `now` (epoch seconds), of one tenant only."""
    isp = directory.isp(isp_id)
    if customer is None:
        return Facts(now, device, isp, None, None, authentic, mac, 0, (), eap)
    own = own_slot(mac, 0 if device is None else device.id)
    used, slots = online.usage_and_slots(customer.id, customer.period_start(now), now)
    plan = directory.plan(customer.plan_id)
    facts: Facts = _facts((now, device, isp, customer, plan, authentic, mac, used, slots, eap, own, guesses))
    return facts
