"""A verdict as people and programs read it, for questions that come without a device (RADIUS over HTTP, `explain`)."""

from __future__ import annotations

from typing import NamedTuple

from radius_module.replies import access_attributes
from radius_module.replies.attribute import Pair, UnencodableAttribute
from radius_module.rules.facts import Deny, Verdict

ACCEPT = "accept"
Shown = dict[str, str | list[str]]


class Outcome(NamedTuple):
    """What the device would get. `code` is `accept` or the refusal's, `message` the refusal's sentence."""

    code: str
    message: str
    reply: Shown
    klass: bytes


def outcome(verdict: Verdict, klass: bytes) -> Outcome:
    """The answer with its attributes; one that cannot be sent is a refusal, as on the wire."""
    if isinstance(verdict, Deny):
        return _refused(verdict)
    try:
        return Outcome(ACCEPT, "", access_attributes.shown(access_attributes.accept(verdict, klass)), klass)
    except UnencodableAttribute:
        return _refused(access_attributes.NOT_SET_UP)


def of_answer(pairs: tuple[Pair, ...]) -> tuple[Shown, int]:
    """(Attributes that leave the server, seconds after which they do.)"""
    shown = access_attributes.shown(pairs)
    delay = shown.pop("FreeRADIUS-Response-Delay", "0")
    return shown, int(delay) if isinstance(delay, str) else 0


def _refused(refusal: Deny) -> Outcome:
    return Outcome(refusal.code, refusal.message, {"Reply-Message": refusal.message}, b"")
