"""May this customer log in? The order of the refusals, and their two users: the packet path and support.

Pure: facts in, a verdict out; no clock, no database, no log, and nothing imported but the standard library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from radius_module.rules import hardware, identity, quota, sessions, standing, time_budget
from radius_module.rules.facts import Deny, Facts, Shown, Verdict
from radius_module.rules.service import grant


class Rule(NamedTuple):
    """One reason to refuse, the sentence the customer reads, and the values that support reads."""

    code: str
    message: str
    refuses: Callable[[Facts], bool]
    shows: Callable[[Facts], Shown]


_WRONG = "The user name or the password is wrong."

#: First refusal wins.
ORDER: tuple[Rule, ...] = (
    # Without a known device there is no tenant, and without a tenant no customer.
    Rule("unknown_device", "This hotspot or access point is not registered. Please tell your provider.",
         identity.unknown_device, identity.show_device),
    # The tenant before its customers: nothing about them is anybody's business while it is suspended.
    Rule("isp_suspended", "The service is suspended at the moment. Please ask your provider.",
         identity.isp_suspended, identity.show_isp),
    # Before anything that counts as a guess: no password was asked for.
    Rule("unsupported", "This network asks for 802.1X (EAP), which your provider does not offer here.",
         identity.unsupported, identity.show_protocol),
    # The same words for these three, so that nobody learns which names exist, or that a guess was right.
    Rule("unknown_customer", _WRONG, identity.unknown_customer, identity.show_customer),
    # Before the password, of which a device that nobody knows must learn nothing meanwhile.
    Rule("too_many_guesses", _WRONG, identity.too_many_guesses, identity.show_guesses),
    # The password before everything personal: only the customer hears of suspension, expiry or usage.
    Rule("bad_password", _WRONG, identity.bad_password, identity.show_password),
    # What the provider decided stands before what time or use did.
    Rule("suspended", "Your account is suspended. Please contact your provider.",
         standing.suspended, standing.show_status),
    Rule("expired", "Your subscription has expired. Please renew it.", standing.expired, standing.show_expiry),
    # Cheap and final, before anything that counts.
    Rule("mac_mismatch", "This account may only be used from its registered device.",
         hardware.mac_mismatch, hardware.show_mac),
    Rule("quota_exceeded", "Your data allowance is used up. Please buy more or wait for the next period.",
         quota.quota_exceeded, quota.show_quota),
    Rule("time_used_up", "Your time online is used up. Please buy more or wait for the next period.",
         time_budget.time_used_up, time_budget.show_time),
    # Last: only a login that is otherwise accepted takes a slot.
    Rule("too_many_sessions", "Your account is already in use on as many devices as your plan allows.",
         sessions.too_many_sessions, sessions.show_sessions),
)  # fmt: skip

_REFUSALS = {rule.code: Deny(rule.code, rule.message) for rule in ORDER}
_CHECKS = tuple((rule.refuses, _REFUSALS[rule.code]) for rule in ORDER)


def decide(facts: Facts) -> Verdict:
    """The verdict: the first refusal, or what the customer gets."""
    for refuses, refusal in _CHECKS:
        if refuses(facts):
            return refusal
    return grant(facts)


class Finding(NamedTuple):
    """One rule as support sees it."""

    code: str
    passed: bool
    facts: Shown


def explain(facts: Facts) -> tuple[Verdict, list[Finding]]:
    """The verdict and every rule in its order, also those that pass and those behind the first refusal."""
    findings = [Finding(rule.code, not rule.refuses(facts), rule.shows(facts)) for rule in ORDER]
    return decide(facts), findings
