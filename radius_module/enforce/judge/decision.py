"""One claimed request → what to do about it at this moment: send a CoA or a Disconnect, or nothing any more. Pure.

The reason says what happened when the request was written; what is sent follows from what holds now.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

from models.network.abilities import HOTSPOT, Ability
from models.network.requests.claims import Claimed, OpenSession
from models.network.requests.events import ALLOWANCE, RATE, TIMEOUT
from radius_module.enforce.coa import CHANGEABLE, COA, DISCONNECT
from radius_module.enforce.judge.service import LONGEST, Service

#: End a session because the rules refuse it; once they do not any more, nobody wants it ended.
STATE_REASONS = ("suspended", "isp_suspended", "expired", "quota_exceeded", "time_used_up")
#: Where a CoA does not do, the session may go on as it is: a new login would bring it nothing.
NOT_WORTH_A_CUT = ("renewed",)
#: Which attributes of the login a reason makes out of date, where the event did not name them.
_RATE_ALONE: tuple[str, ...] = (RATE,)
_OUT_OF_DATE: dict[str, tuple[str, ...]] = {"renewed": (RATE, TIMEOUT), "topup": (RATE, ALLOWANCE)}


class Send(NamedTuple):
    """What leaves. `evidence` is compared with what accounting shows later."""

    kind: str
    attributes: dict[str, str]
    evidence: dict[str, Any]


class Close(NamedTuple):
    """Nothing is sent: the request is over."""

    status: str
    error: str | None


END = Send(DISCONNECT, {}, {})
SUPERSEDED = Close("failed", "superseded")


def decide(
    request: Claimed, session: OpenSession, service: Service | None, ability: Ability, service_name: str, now: float
) -> Send | Close:
    """`service`: what the rules say, None for a customer who is gone; `now`: epoch seconds."""
    is_refused = service is None or service.refused is not None
    if request.kind == DISCONNECT:
        return END if is_refused or request.reason not in STATE_REASONS else SUPERSEDED
    if session.is_ending:
        return SUPERSEDED
    if service is None or is_refused:
        return END
    attributes = _changes(request, session, service, service_name, now)
    if attributes is None:
        return END
    if not attributes:
        return Close("done", None)
    if ability.coa is False:
        return Close("failed", "nak") if request.reason in NOT_WORTH_A_CUT else END
    return Send(COA, attributes, _evidence(request, session, service))


def _changes(
    request: Claimed, session: OpenSession, service: Service, service_name: str, now: float
) -> dict[str, str] | None:
    """What a CoA is to say; None where only a new login brings it: CoA changes no addresses, pools or allowances,
    and cannot take a rate away.

    PPP takes no notice of an allowance, which the server enforces. HotSpot ends the session where the allowance of its
    login is used up, whatever was bought since.
    """
    named: Sequence[str] = request.payload.get("attributes") or ()
    changes = {}
    for name in named or _OUT_OF_DATE.get(request.reason, _RATE_ALONE):
        value = service.attributes.get(name)
        if name == ALLOWANCE:
            if service_name == HOTSPOT and (value is not None or request.reason != "topup"):
                return None
        elif name == TIMEOUT:
            # Devices count it from the session's start or from now. The longer of the two cuts nobody too early, and
            # the end itself is ordered at its second.
            changes[name] = str(min(ceil(max(0.0, now - session.started) + service.seconds), LONGEST))
        elif value is not None and name in CHANGEABLE:
            changes[name] = value
        elif value is not None or named:
            return None
    return changes


def _evidence(request: Claimed, session: OpenSession, service: Service) -> dict[str, Any]:
    """The counters so far, and the rates after and before the change."""
    return {
        "rate": service.attributes.get(RATE),
        "before": service.full_rate if service.is_throttled else request.payload.get("before"),
        "octets": [session.octets_in, session.octets_out],
        "at": session.updated,
    }
