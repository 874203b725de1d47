"""Is the clock right enough to remove history by? One clock alone is never believed (docs/decisions/0080)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from radius_module.steady_clock import since_boot

#: The wall clock may differ so far from the time that has passed, and from the database's clock, seconds.
LARGEST_LEAP = 3600.0
#: It may be so far past the newest record, and past the last time at which it was right, seconds.
LONGEST_SILENCE = 40 * 86400.0
#: A clock that has not run steadily for so long removes nothing: it may still be about to be set, seconds.
STEADY_FOR = 3600.0
ADVICE = "nothing is removed until the clock is right: set it, or run `flask --app admin_api confirm-clock`"


class Clocks:
    """The wall clock beside one that never leaps, from the start of the process on."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = since_boot) -> None:
        self._wall, self._steady = wall, steady
        self._wall_at_start, self._steady_at_start = wall(), steady()
        self._counted = 0.0

    @property
    def now(self) -> float:
        """The wall clock, epoch seconds."""
        return self._wall()

    @property
    def running(self) -> float:
        """Seconds since the start, or since the clock was last confirmed."""
        return self._steady() - self._steady_at_start

    @property
    def leap(self) -> float:
        """By how much the wall clock has moved on its own."""
        return self._wall() - self._wall_at_start - self.running

    def count(self) -> int:
        """Whole seconds that have passed since this was last asked."""
        passed = int(self.running - self._counted)
        self._counted += passed
        return passed

    def restart(self) -> None:
        """An operator says that the clock is right now."""
        self._wall_at_start, self._steady_at_start, self._counted = self._wall(), self._steady(), 0.0


class Evidence(NamedTuple):
    """Times that a right clock cannot be far from; epoch seconds, None where there is none."""

    wall: float
    database: float
    leap: float
    #: The newest record of the books.
    newest: float | None
    #: When the clock was last judged to be right, and when an operator last said so.
    verified: float | None
    confirmed: float | None


def objection(evidence: Evidence) -> str | None:
    """Why nothing may be removed now; None where nothing speaks against the clock."""
    now, apart = evidence.wall, evidence.wall - evidence.database
    if abs(evidence.leap) > LARGEST_LEAP:
        return f"the clock has moved by {evidence.leap / 3600:+.1f} hours on its own; {ADVICE}"
    if abs(apart) > LARGEST_LEAP:
        return f"the clocks of this machine and of the database are {apart / 3600:+.1f} hours apart; {ADVICE}"
    if evidence.newest is not None:
        silence = now - max(evidence.newest, evidence.confirmed or evidence.newest)
        if silence > LONGEST_SILENCE:
            return f"the clock is {silence / 86400:.0f} days past the newest record in the books; {ADVICE}"
    if evidence.verified is not None:
        since = now - evidence.verified
        if since > LONGEST_SILENCE:
            return f"the clock is {since / 86400:.0f} days past the last time at which it was right; {ADVICE}"
        if since < -LARGEST_LEAP:
            return f"the clock is {-since / 3600:.1f} hours before a time at which it seemed right; {ADVICE}"
    return None
