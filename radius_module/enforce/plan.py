"""One claimed request → what to do about it now: send a CoA or a Disconnect, or nothing any more. Pure.

The reason says what happened when the request was written; what is sent follows from what holds at this moment.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from models.network.abilities import HOTSPOT, Ability
from models.network.requests.claims import Claimed, OpenSession
from radius_module.enforce.coa import COA, DISCONNECT
from radius_module.enforce.service import Service

#: Ends a session because the rules refuse it; once they do not any more, nobody wants it ended.
STATE_REASONS = ("suspended", "isp_suspended", "expired", "quota_exceeded")
#: Where a CoA does not do, the session may go on as it is: it would be cut for nothing.
_NOT_WORTH_A_CUT = ("renewed",)


class Send(NamedTuple):
    """What leaves. `evidence` is compared with what accounting shows later."""

    kind: str
    attributes: dict[str, str]
    evidence: dict[str, Any]


class Close(NamedTuple):
    """Nothing is sent: the request is over."""

    status: str
    error: str | None


def plan(request: Claimed, session: OpenSession, service: Service | None, ability: Ability, service_name: str,
         now: float) -> Send | Close:  # fmt: skip
    """`service`: what the rules say, None for a customer who is gone; `now`: epoch seconds."""
    refused = service is not None and service.refused is not None
    if request.kind == DISCONNECT:
        if request.reason in STATE_REASONS and service is not None and not refused and request.parent_is_no_coa:
            return Close("failed", "superseded")
        return Send(DISCONNECT, {}, {})
    if service is None or refused:
        return Send(DISCONNECT, {}, {})
    if needs_new_login(request.reason, service, service_name):
        return Send(DISCONNECT, {}, {})
    attributes = _changes(request.reason, session, service, now)
    if not attributes:
        return Close("done", None)
    if ability.coa is False:
        return instead(request.reason)
    return Send(COA, attributes, _evidence(session, service))


def instead(reason: str) -> Send | Close:
    """Where the device does not take the CoA: a new login brings what it was to bring."""
    return Close("failed", "nak") if reason in _NOT_WORTH_A_CUT else Send(DISCONNECT, {}, {})


def needs_new_login(reason: str, service: Service, service_name: str) -> bool:
    """Can only a new login bring it? Total-Limit is not among what CoA changes, and neither is having no rate.

    HotSpot keeps the allowance of the login and ends the session where it is used up, whatever was bought since.
    """
    if reason == "topup" and service.is_capped and service_name == HOTSPOT:
        return True
    return reason in ("plan_changed", "throttled", "quota_exceeded") and service.rate is None


def _changes(reason: str, session: OpenSession, service: Service, now: float) -> dict[str, str]:
    changes = {} if service.rate is None else {"Mikrotik-Rate-Limit": service.rate}
    if reason == "renewed":
        # Devices count it from the session's start or from now. The longer of the two cuts nobody too early, and the
        # end itself is ordered at its second.
        uptime = max(0, int(now - session.started))
        changes["Session-Timeout"] = str(min(uptime + service.seconds, _LONGEST))
    return changes


_LONGEST = 21474720


def _evidence(session: OpenSession, service: Service) -> dict[str, Any]:
    """The counters so far, and the rates before and after where the new one is the lower."""
    return {
        "rate": service.rate,
        "full_rate": service.full_rate if service.is_throttled else None,
        "octets": [session.octets_in, session.octets_out],
        "at": session.updated,
    }
