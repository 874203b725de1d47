"""A brake on guessing: wrong answers come later the more of them there were; a right one never waits.

FreeRADIUS holds a refusal back for `FreeRADIUS-Response-Delay` seconds (FACTS 1): no thread waits for it.
Counted in memory, for each customer's name and for each router, in windows of a minute.
"""

from __future__ import annotations

from threading import Lock

#: Wrong answers in a minute that are answered at once: typing errors, and a router that repeats an old password.
FREE_FOR_CUSTOMER = 5
FREE_FOR_DEVICE = 200
#: Seconds; FreeRADIUS allows 10, and a router has given up long before.
LONGEST = 5
_WINDOW = 60.0
_REMEMBERED = 50_000


class Brake:
    """The counters."""

    def __init__(self) -> None:
        self._wrong: dict[tuple[int, str], tuple[float, int]] = {}
        self._lock = Lock()

    def delay(self, isp_id: int, device_id: int, name: str, now: float) -> int:
        """Seconds that this wrong answer waits; counts it."""
        with self._lock:
            if len(self._wrong) > _REMEMBERED:
                self._forget(now)
            by_name = self._count((isp_id, name), now) - FREE_FOR_CUSTOMER
            by_device = self._count((device_id, ""), now) - FREE_FOR_DEVICE
        return max(0, min(LONGEST, max(by_name, -(-by_device // 20))))

    def _count(self, key: tuple[int, str], now: float) -> int:
        since, count = self._wrong.get(key, (now, 0))
        if now - since > _WINDOW:
            since, count = now, 0
        self._wrong[key] = since, count + 1
        return count + 1

    def _forget(self, now: float) -> None:
        """What is past goes; if a flood of names is not past yet, all goes but the routers' counts."""
        kept = {key: value for key, value in self._wrong.items() if now - value[0] <= _WINDOW}
        if len(kept) > _REMEMBERED // 2:
            kept = {key: value for key, value in kept.items() if not key[1]}
        self._wrong = kept
