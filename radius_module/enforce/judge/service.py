"""What a session is to be by now: the same rules as at a login, asked again for a session that is open. Pure."""

from __future__ import annotations

from typing import NamedTuple

from models.subscriptions.service_facts import Row, ServiceFacts
from models.tables.plans import ServicePlan, rate_limit, windows_of
from models.timetable import timetable
from radius_module.replies import access_attributes
from radius_module.replies.attribute import UnencodableAttribute
from radius_module.rules import decide
from radius_module.rules.facts import ANY_HOUR, Attribute, Customer, Deny, Device, Facts, Hour, Isp, Plan
from radius_module.rules.quota import exhausted
from radius_module.rules.time_budget import seconds_left

#: The longest Session-Timeout that RouterOS takes, seconds.
LONGEST = 21474720


class Service(NamedTuple):
    """What a session gets. `refused`: the code, where it may not go on at all."""

    refused: str | None
    #: What a login would be given now.
    attributes: dict[str, str]
    #: Seconds that are left from now on.
    seconds: float = LONGEST
    #: Whether the rate is the throttled one, and what it was before.
    is_throttled: bool = False
    full_rate: str | None = None


def service(facts: ServiceFacts, mac: str, now: float) -> Service:
    """`now`: epoch seconds; `mac`: the session's Calling-Station-Id."""
    plan = None if facts.plan is None else _plan(facts.plan, facts.plan_rows)
    customer = _customer(facts)
    isp = Isp(facts.isp_id, facts.isp_active, facts.timezone, 0.0)
    device = Device(0, facts.isp_id, True, "", True, False)
    table = None if plan is None else timetable(facts.timezone, plan.windows)
    hour = ANY_HOUR if table is None else Hour(*table.at(now)[2:])
    judged = Facts(now, device, isp, customer, plan, True, mac, facts.used, (), hour=hour, seconds=facts.seconds)
    verdict = decide(judged)
    if isinstance(verdict, Deny):
        return Service(verdict.code, {})
    try:
        attributes = {name: value for name, _op, value in access_attributes.accept(verdict, b"")}
    except UnencodableAttribute:
        return Service("bad_reply_attribute", {})
    seconds = min(facts.expires_at - now, LONGEST)
    if plan is None:
        return Service(None, attributes, seconds)
    left = seconds_left(judged)
    seconds = seconds if left is None else min(seconds, left)
    return Service(None, attributes, seconds, exhausted(judged), hour.rate or plan.rate)


def _customer(facts: ServiceFacts) -> Customer:
    topups = ((facts.period_start, facts.bought),) if facts.bought else ()
    return Customer(
        id=facts.id,
        isp_id=facts.isp_id,
        username=facts.username,
        status=facts.status,
        expires_at=facts.expires_at,
        plan_id=facts.plan_id,
        static_ip=facts.static_ip,
        mac=facts.mac,
        credential_attribute="",
        credential="",
        created_at=0.0,  # whose session it is, the books have settled
        period_starts=(facts.period_start,),
        topups=topups,
        not_started=False,  # a session shows that it has
        extra=_extra(facts.customer_rows),
    )


def _plan(plan: ServicePlan, rows: tuple[Row, ...]) -> Plan:
    throttled = plan.throttle_bandwidth
    return Plan(
        id=plan.id,
        isp_id=plan.isp_id,
        rate=rate_limit(plan.bandwidth_limit, plan.upload_limit),
        throttled_rate=rate_limit(throttled, throttled),
        data_limit=plan.data_limit_bytes,
        session_timeout=None if plan.session_timeout is None else plan.session_timeout * 60,
        idle_timeout=None if plan.idle_timeout is None else plan.idle_timeout * 60,
        simultaneous_use=plan.simultaneous_use,
        replaces_oldest=False,
        throttles=plan.over_limit == "throttle",
        address_pool=plan.address_pool,
        windows=windows_of(plan.hours),
        time_limit=None if plan.time_limit is None else plan.time_limit * 60,
        validity=(plan.validity_days, plan.validity_months),
        extra=_extra(rows),
    )


def _extra(rows: tuple[Row, ...]) -> tuple[Attribute, ...]:
    return tuple(Attribute(*row) for row in rows)
