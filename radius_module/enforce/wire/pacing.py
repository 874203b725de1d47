"""How fast a device is sent requests: so many a second, and so many that it has not answered. Pure."""

from __future__ import annotations

#: Requests a second to one device, and unanswered ones at most.
RATE, WINDOW = 20.0, 20
#: Unanswered in a row before a device counts as silent, and what it is sent then.
_SILENT_AFTER, _PROBES = 8, 2


class Pace:
    """One device's allowance: a bucket that fills at RATE and holds one request.

    With room for one there is never a burst: in no second leave more than RATE + 1.
    """

    def __init__(self) -> None:
        self._next = 0.0
        self.unanswered = 0
        self._silent = 0

    def room(self) -> int:
        """How many more may be on their way at once. A silent device is asked whether it lives, not flooded."""
        return max(0, (_PROBES if self.is_silent else WINDOW) - self.unanswered)

    def wait(self, now: float) -> float:
        """Seconds until the next request may leave; it may at 0."""
        return max(0.0, self._next - now)

    def sent(self, now: float) -> None:
        """One has left."""
        self._next = max(now, self._next) + 1 / RATE
        self.unanswered += 1

    def ended(self, *, answered: bool) -> None:
        """One was answered, or given up."""
        self.unanswered -= 1
        self._silent = 0 if answered else self._silent + 1

    @property
    def is_silent(self) -> bool:
        return self._silent >= _SILENT_AFTER
