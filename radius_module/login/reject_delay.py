"""Slows guessing down: the more wrong passwords, the later their refusals leave; a right one never waits.

How many are looked at in an hour is for radius_module.guesses to say. No thread waits for a refusal that is held back
(radius_module/replies/delayed.py). Counted in memory, for each customer's name and for each device, in windows of a
minute.
"""

from __future__ import annotations

from threading import Lock
from typing import TypeVar

#: Refusals for these reasons answer a guess at a password; all others are sent at once.
GUESSES = frozenset(("unknown_customer", "too_many_guesses", "bad_password"))
#: Guesses in a minute that are answered at once: typing errors, and a device that repeats an old password.
FREE_FOR_CUSTOMER = 5
FREE_FOR_DEVICE = 200
#: Seconds; FreeRADIUS allows 10, and a device has given up long before.
LONGEST = 5
_WINDOW = 60.0
_REMEMBERED = 50_000

_KeyT = TypeVar("_KeyT")


class RejectDelay:
    """The counters: the window's beginning and the guesses in it."""

    def __init__(self) -> None:
        #: By tenant and name: whatever anybody typed, so it is bounded. By device: there are only so many.
        self._names: dict[tuple[int, str], tuple[float, int]] = {}
        self._devices: dict[int, tuple[float, int]] = {}
        self._lock = Lock()

    def count(self, isp_id: int, device_id: int, name: str, now: float) -> int:
        """Count a guess; the seconds that its refusal waits."""
        with self._lock:
            if len(self._names) >= _REMEMBERED:
                self._forget(now)
            by_name = _count(self._names, (isp_id, name), now) - FREE_FOR_CUSTOMER
            by_device = _count(self._devices, device_id, now) - FREE_FOR_DEVICE
        return max(0, min(LONGEST, max(by_name, -(-by_device // 20))))

    def _forget(self, now: float) -> None:
        """Windows that have passed go; in a flood of names all of them go, and the devices' counts slow it down."""
        kept = {name: value for name, value in self._names.items() if 0 <= now - value[0] <= _WINDOW}
        self._names = kept if len(kept) <= _REMEMBERED // 2 else {}


def _count(counts: dict[_KeyT, tuple[float, int]], key: _KeyT, now: float) -> int:
    since, count = counts.get(key, (now, 0))
    if not 0 <= now - since <= _WINDOW:  # also where the clock was set back: nobody is slowed down until then
        since, count = now, 0
    counts[key] = since, count + 1
    return count + 1
