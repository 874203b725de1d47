"""Does accounting bear out that a device has done what it said it would? Pure.

A session that is reported again has not ended. Of a rate accounting tells nothing, but it tells octets: more of them
than the two rates allow, the one until the answer and the other since, show that nothing was changed.
"""

from __future__ import annotations

import re

from models.network.requests.outcomes import Acknowledged
from radius_module.enforce.coa import DISCONNECT

_RATES = re.compile(r"(\d+)([kM]?)/(\d+)([kM]?)")
_UNITS = {"": 1, "k": 1000, "M": 1_000_000}
#: Shapers are not exact, and counters hold headers that the shaper does not.
_TOLERANCE, _BURST = 1.25, 1_000_000
#: A report so soon after an answer may have left before it, seconds.
GRACE = 2.0


def rates(text: object) -> tuple[int, int] | None:
    """(Up, down) in octets a second of a plain Mikrotik-Rate-Limit; None for anything else.

    >>> rates("512k/2M")
    (64000, 250000)
    """
    match = _RATES.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    up, up_unit, down, down_unit = match.groups()
    return int(up) * _UNITS[up_unit] // 8, int(down) * _UNITS[down_unit] // 8


def has_effect(request: Acknowledged) -> bool | None:
    """Whether it was done; None where that is not known yet. Of a CoA, False only where the octets say so."""
    if request.kind == DISCONNECT:
        return False if request.updated > request.sent + GRACE else None
    after, before = rates(request.payload.get("rate")), rates(request.payload.get("before"))
    octets, at = request.payload.get("octets"), request.payload.get("at")
    if after is None or before is None or octets is None or at is None:
        return True
    until, since = max(0.0, request.sent - at), max(0.0, request.updated - request.sent)
    grown = (request.octets_in - octets[0], request.octets_out - octets[1])
    # A rate that was raised shows nothing: what was fast before the change was so by a row of an operator's own.
    return all(
        more <= (max(old, new) * until + new * since) * _TOLERANCE + _BURST
        for more, old, new in zip(grown, before, after, strict=True)
    )
