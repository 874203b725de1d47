"""Facts of a login that every rule lets pass; each test changes the one thing that it is about."""

from __future__ import annotations

from typing import Any

from radius_module.rules import ORDER, Rule, decide
from radius_module.rules.facts import Customer, Deny, Device, Facts, Isp, Plan, Slot

NOW = 1_773_144_000.0
PERIOD = NOW - 10 * 86_400
MAC, OTHER_MAC, THIRD_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"

ISP = Isp(7, True, "UTC", 72 * 3600.0)
DEVICE = Device(70, 7, True, "aes:1:none", True, False)
PLAN = Plan(
    id=700, isp_id=7, rate="2M/10M", throttled_rate="1M/1M", data_limit=None, session_timeout=None, idle_timeout=None,
    simultaneous_use=1, replaces_oldest=False, throttles=False, address_pool=None, windows=(),
    time_limit=None, validity=(30, None), extra=(),
)  # fmt: skip
CUSTOMER = Customer(
    id=7000, isp_id=7, username="john", status="active", expires_at=NOW + 86_400, plan_id=700, static_ip=None, mac="",
    credential_attribute="Cleartext-Password", credential="secret", created_at=NOW - 30 * 86_400,
    period_starts=(PERIOD,), topups=(), not_started=False, extra=(),
)  # fmt: skip


def facts(**changes: Any) -> Facts:
    """Facts with these changed."""
    given = Facts(NOW, DEVICE, ISP, CUSTOMER, PLAN, True, MAC, 0, (), own_slot=MAC)
    return given._replace(**changes)


def of_customer(**changes: Any) -> Facts:
    return facts(customer=CUSTOMER._replace(**changes))


def of_plan(used: int = 0, slots: tuple[Slot, ...] = (), **changes: Any) -> Facts:
    return facts(plan=PLAN._replace(**changes), used=used, slots=slots)


def place(mac: str = OTHER_MAC, since: float = NOW - 60, session: str = "5e55") -> Slot:
    return Slot(mac, since, session)


def code(asked: Facts) -> str:
    """What the login is answered: `accept` or the refusal's code."""
    verdict = decide(asked)
    return verdict.code if isinstance(verdict, Deny) else "accept"


def rule(name: str) -> Rule:
    """The rule with that code."""
    return next(found for found in ORDER if found.code == name)
