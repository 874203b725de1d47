"""One device, as the worker serves it: its line, its pace, what is known of it, and the requests that are to leave."""

from __future__ import annotations

import time
from collections import deque

from models.network.abilities import Ability, Seen
from radius_module.enforce.flight import Flight
from radius_module.enforce.wire.line import Line
from radius_module.enforce.wire.pacing import Pace

#: How many requests of a device are taken at once: those that leave before the next look at the outbox.
_TAKEN = 6


class Station:
    """Moments are monotonic seconds."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.pace = Pace()
        self.queue: deque[Flight] = deque()
        self.flights: dict[int, Flight] = {}
        #: What is known of its services.
        self.abilities: dict[str, Ability] = {}
        self.renewed_at = self.idle_since = time.monotonic()

    @property
    def is_idle(self) -> bool:
        return not self.queue and not self.flights

    def room(self) -> int:
        """How many requests may be taken for it now."""
        return max(0, min(_TAKEN, self.pace.room()) - len(self.queue))

    def learn(self, seen: Seen) -> None:
        """What the device has just shown."""
        known = self.abilities.get(seen.service, Ability())
        self.abilities[seen.service] = Ability(
            known.coa if seen.coa is None else seen.coa,
            known.disconnect if seen.disconnect is None else seen.disconnect,
            seen.step or known.step,
        )
