"""How much a session can have grown: what no line carries is a router's mistake, or a lie, and is not billed.

The one bound for the books and for memory (docs/decisions/0082-growth-that-no-line-carries.md). Pure arithmetic.
"""

from __future__ import annotations

#: Ten times the plan's rate, and 10 Gbit/s at least; octets a second.
TIMES = 10
LEAST_RATE = 10 * 10**9 / 8
#: A first packet that says neither when its session began nor how long it has run may be of a session of a day.
UNKNOWN_SECONDS = 86_400.0
#: Times of packets are known to the second.
_TOLERANCE = 1.0
_MBPS = 10**6 / 8


def most_a_second(plan_mbps: float | None) -> float:
    """Octets a second that a customer of a plan of so many Mbit/s can have used at most; None: no rate is known."""
    return LEAST_RATE if plan_mbps is None else max(LEAST_RATE, TIMES * plan_mbps * _MBPS)


def is_plausible(growth: int, elapsed: float | None, session_time: int | None, rate: float = LEAST_RATE) -> bool:
    """Can a session have grown by so many octets, both directions together?

    elapsed: seconds since its last packet, or since its login. session_time: what Acct-Session-Time has grown by.
    """
    if growth <= LEAST_RATE:
        return True
    known = [float(seconds) for seconds in (elapsed, session_time) if seconds is not None]
    return growth <= rate * (max(known, default=UNKNOWN_SECONDS) + _TOLERANCE)
