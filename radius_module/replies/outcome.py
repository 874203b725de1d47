"""A verdict as people and programs read it, for questions that come without a device (RADIUS over HTTP, `explain`)."""

from __future__ import annotations

from typing import NamedTuple

from models.accounting.session_id import make_class
from radius_module.replies import access_attributes
from radius_module.replies.attribute import Pair, UnencodableAttribute
from radius_module.rules import Finding
from radius_module.rules.facts import Deny, Facts, Shown, Verdict

ACCEPT = "accept"
#: Attribute → value, or values.
Reply = dict[str, str | list[str]]


class Outcome(NamedTuple):
    """What the device would get. `code` is `accept` or the refusal's, `message` the refusal's sentence."""

    code: str
    message: str
    reply: Reply
    klass: bytes


def outcome(verdict: Verdict, klass: bytes) -> Outcome:
    """The answer with its attributes; one that cannot be sent is a refusal, as on the wire."""
    if isinstance(verdict, Deny):
        return _refused(verdict)
    try:
        return Outcome(ACCEPT, "", access_attributes.shown(access_attributes.accept(verdict, klass)), klass)
    except UnencodableAttribute:
        return _refused(access_attributes.NOT_SET_UP)


def sendable(verdict: Verdict, facts: Facts) -> Finding:
    """The last thing that may keep a login out: an attribute of an operator's own that cannot be sent, by its name."""
    rows = (facts.plan.extra if facts.plan is not None else ()) + (facts.customer.extra if facts.customer else ())
    problem = access_attributes.problem_in(rows)
    if problem is None and not isinstance(verdict, Deny):
        try:
            access_attributes.accept(verdict, make_class(facts.now, 0 if facts.customer is None else facts.customer.id))
        except UnencodableAttribute as error:
            problem = error
    shown: Shown = {"attribute": None, "problem": None}
    if problem is not None:
        shown = {"attribute": problem.name, "problem": problem.problem}
    return Finding(access_attributes.NOT_SET_UP.code, problem is None, shown)


def of_answer(pairs: tuple[Pair, ...]) -> tuple[Reply, int]:
    """(Attributes that leave the server, seconds after which they do.)"""
    shown = access_attributes.shown(pairs)
    delay = shown.pop("FreeRADIUS-Response-Delay", "0")
    return shown, int(delay) if isinstance(delay, str) else 0


def _refused(refusal: Deny) -> Outcome:
    return Outcome(refusal.code, refusal.message, {"Reply-Message": refusal.message}, b"")
