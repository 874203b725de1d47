"""Does accounting bear out that a device has changed a session's rate, as it said? Pure.

Accounting tells no rate, but octets: more of them than the two rates allow, the one until the answer and the other
since, show that nothing was changed.
"""

from __future__ import annotations

import re

from models.network.requests.outcomes import Acknowledged

_RATES = re.compile(r"(\d+)([kM]?)/(\d+)([kM]?)")
_UNITS = {"": 1, "k": 1000, "M": 1_000_000}
#: Shapers are not exact, and counters hold headers that the shaper does not.
_TOLERANCE, _BURST = 1.25, 1_000_000


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


def has_effect(change: Acknowledged) -> bool:
    """False only where the octets say so."""
    after, before = rates(change.payload.get("rate")), rates(change.payload.get("before"))
    octets, at = change.payload.get("octets"), change.payload.get("at")
    if after is None or before is None or octets is None or at is None:
        return True
    until, since = max(0.0, change.sent - at), max(0.0, change.updated - change.sent)
    grown = (change.octets_in - octets[0], change.octets_out - octets[1])
    return all(
        more <= (old * until + new * since) * _TOLERANCE + _BURST
        for more, old, new in zip(grown, before, after, strict=True)
    )
