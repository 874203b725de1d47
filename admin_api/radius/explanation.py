"""A judged login as support reads it: each rule with a sentence, times as everywhere in the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

#: Of each rule, what is said where it lets the customer in and where it does not; {names} are its facts.
SENTENCES: dict[str, tuple[str, str]] = {
    "unknown_device": ("The router is registered and switched on.", "The router is not registered, or switched off."),
    "isp_suspended": ("The ISP is active.", "The ISP is suspended."),
    "unsupported": ("The router asks in a way that is served.", "The router asks by 802.1X (EAP)."),
    "unknown_customer": ("The customer is known and has a password.", "The customer has no password: set one."),
    "too_many_guesses": (
        "Wrong passwords of the last hour keep nobody out: {wrong_in_the_last_hour}.",
        "{wrong_in_the_last_hour} wrong passwords within the hour: a device that the customer has not logged in from "
        "within 30 days has to wait.",
    ),
    "bad_password": ("The password is taken to be right: none was asked for.", "The password is wrong."),
    "suspended": ("The customer is not suspended.", "The customer is suspended: activate them."),
    "expired": ("The paid time runs until {expires_at}.", "The paid time ended at {expires_at}: renew it."),
    "mac_mismatch": (
        "This is the registered device, {expected}.",
        "Only the device {expected} may log in, and this is {seen}.",
    ),
    "quota_exceeded": (
        "Data is left, or the plan or the hour goes on without: {remaining_bytes} of {allowance_bytes} bytes are left.",
        "The data is used up: {used_bytes} of {allowance_bytes} bytes.",
    ),
    "time_used_up": (
        "Time online is left: {seconds_left} of {allowed_seconds} seconds.",
        "The time online is used up: {used_seconds} of {allowed_seconds} seconds.",
    ),
    "too_many_sessions": (
        "A slot is free for this device: others online {online}, allowed {allowed}.",
        "All slots are taken by other devices: online {online}, allowed {allowed}.",
    ),
    "bad_reply_attribute": (
        "Every reply attribute can be sent.",
        "The reply attribute {attribute} cannot be sent: {problem}. Correct its row.",
    ),
}
#: Where a fact that a sentence names is not there, another sentence is true.
_WITHOUT: dict[tuple[str, str], tuple[str, str]] = {
    ("expired", "expires_at"): ("The paid time has no end.", ""),
    ("quota_exceeded", "allowance_bytes"): ("The plan has no data limit.", ""),
    ("time_used_up", "allowed_seconds"): ("The plan has no time budget.", ""),
    ("mac_mismatch", "expected"): ("Any device may log in.", ""),
}
#: An operator has said so, while there is time left.
_EXPIRED_BY_HAND = "The customer's status is set to expired: renew them."
#: The first period of a customer who has not started.
_BEGINS = "The paid time begins with the first login: with one now it would run until {expires_at}."
_TIMES = frozenset({"expires_at"})


def explained(rules: list[list[Any]]) -> list[dict[str, Any]]:
    """[[code, passed, facts]] of the login process, as they are shown."""
    return [_shown(code, passed, facts) for code, passed, facts in rules]


def _shown(code: str, passed: bool, facts: dict[str, Any]) -> dict[str, Any]:  # a rule's own
    read = {name: _time(value) if name in _TIMES else value for name, value in facts.items()}
    return {"code": code, "passed": passed, "text": _sentence(code, passed, read), "facts": read}


def _sentence(code: str, passed: bool, facts: dict[str, Any]) -> str:  # a rule's own
    if code == "expired" and not passed and facts["seconds_left"] != 0:
        return _EXPIRED_BY_HAND
    sentences = (_BEGINS, SENTENCES[code][1]) if facts.get("begins_with_this_login") else SENTENCES[code]
    for (rule, name), others in _WITHOUT.items():
        if rule == code and facts.get(name) is None and others[not passed]:
            sentences = others
    words = {name: "none" if value is None else _text(value) for name, value in facts.items()}
    return sentences[not passed].format_map(words)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _time(value: float | None) -> datetime | None:
    """Epoch seconds as every other time of an answer."""
    return None if value is None else datetime.fromtimestamp(value, UTC)
