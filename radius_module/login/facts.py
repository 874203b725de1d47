"""What the rules look at, gathered for one login: by the hooks from memory, by the API from the database."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.subscriptions.calendar import boundaries
from radius_module.directory.contents import Directory
from radius_module.fast_tuple import maker
from radius_module.login.context import OnlineSlots
from radius_module.online.hours import hour_of
from radius_module.online.slot import own_slot
from radius_module.rules.facts import NO_GUESSES, Customer, Device, Facts, Guesses, Isp, Plan

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
    period = customer.period_start(now)
    used, slots = online.usage_and_slots(customer.id, period, now)
    plan = directory.plan(customer.plan_id)
    hour = hour_of(plan, isp, now)[0]
    seconds = 0 if plan is None or plan.time_limit is None else online.seconds_online(customer.id, period)
    if customer.not_started and isp is not None:
        customer = _begun(customer, isp, plan, directory.first_logins.of(customer.id, now))
    facts: Facts = _facts(
        (now, device, isp, customer, plan, authentic, mac, used, slots, eap, own, guesses, hour, seconds)
    )
    return facts


def _begun(customer: Customer, isp: Isp, plan: Plan | None, begun: float) -> Customer:
    """The customer as of the period that began with that login: what the books will say of it in a moment."""
    try:
        zone = ZoneInfo(isp.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    start, (days, months) = datetime.fromtimestamp(begun, UTC), (None, None) if plan is None else plan.validity
    return customer._replace(expires_at=boundaries(start, start, 1, days, months, zone)[0][1].timestamp())
