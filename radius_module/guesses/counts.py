"""Wrong passwords of the last hour, by customer, in memory: what a login is judged by (radius_module.rules.identity).

Beyond 60 in an hour, devices that the customer has not logged in from within 30 days get one decision in ten seconds
between them. What other nodes have seen comes from the books (radius_module.guesses.booked).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right, insort
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock

from radius_module.rules.facts import NO_GUESSES, Guesses
from radius_module.rules.identity import MOST_WRONG

_HOUR, _TURN, _FAMILIAR = 3600.0, 10.0, 30 * 86_400.0
#: What clocks of two nodes may differ by, seconds. Later times are those of a clock that has been set back.
_SKEW = 60.0
#: Logins that are remembered before the books have them; about 200 octets each.
_MOST_RECENT = 50_000


class _Count:
    """One customer's: milliseconds of the last wrong passwords, oldest first."""

    __slots__ = ("devices", "read_at", "turn", "wrong")

    def __init__(self) -> None:
        self.wrong = array("Q")
        #: Calling-Station-Id → last login, as the books have it; and when they were asked.
        self.devices: Mapping[str, float] = {}
        self.read_at: float | None = None
        #: When a decision for another device was last given with the right password.
        self.turn = 0.0


class GuessCounts:
    """The customers with wrong passwords; only they cost anything."""

    def __init__(self) -> None:
        #: Those with the latest last. Of customers that exist, so there are only so many.
        self._counts: OrderedDict[int, _Count] = OrderedDict()
        #: Customers whom it may hold back: asked at each login.
        self.crowded: set[int] = set()
        #: (Customer, station) → last login, of two generations.
        self._recent: dict[tuple[int, str], float] = {}
        self._before: dict[tuple[int, str], float] = {}
        self._lock = Lock()

    def claim(self, customer_id: int, station: str, authentic: bool, now: float) -> Guesses:
        """What a login is judged by. It is counted at once, so that many at the same moment do not slip through."""
        if authentic and customer_id not in self._counts:
            return NO_GUESSES
        with self._lock:
            count = self._count_of(customer_id)
            guesses = self._seen(count, customer_id, station, now)
            if guesses.wrong < MOST_WRONG or guesses.is_due:
                if not authentic:
                    insort(count.wrong, _milliseconds(now))
                    self._settle(customer_id, count)
                elif guesses.wrong >= MOST_WRONG and not guesses.from_known_device:
                    count.turn = now
            self._forget_old(now)
        return guesses

    def seen(self, customer_id: int, station: str, now: float) -> Guesses:
        """The same, of a login that does not take place."""
        count = self._counts.get(customer_id)
        return NO_GUESSES if count is None else self._seen(count, customer_id, station, now)

    def holds_back(self, customer_id: int, station: str, now: float) -> bool:
        """Would even the right password be refused from there now?"""
        wrong, from_known_device, is_due = self.seen(customer_id, station, now)
        return wrong >= MOST_WRONG and not is_due and not from_known_device

    def remember(self, customer_id: int, station: str, now: float) -> None:
        """The customer has logged in from there."""
        if not station:
            return
        self._recent[customer_id, station] = now
        if len(self._recent) >= _MOST_RECENT:
            self._before, self._recent = self._recent, {}

    def merge(self, customer_id: int, times: Iterable[float], now: float) -> int:
        """Take in what is booked, of whichever node; how many there are of the last hour. Twice does no harm."""
        with self._lock:
            count = self._count_of(customer_id)
            # What is known from here and from the books counts once; two within a millisecond count twice.
            every = Counter(count.wrong) | Counter(map(_milliseconds, times))
            count.wrong = array("Q", sorted(every.elements()))
            self._settle(customer_id, count)
            return _of_last_hour(count, now)

    def learn_devices(self, customer_id: int, devices: Mapping[str, float], now: float) -> None:
        """Calling-Station-Id → last login of the customer's devices."""
        count = self._counts.get(customer_id)
        if count is not None:
            count.devices, count.read_at = devices, now

    def devices_read_at(self, customer_id: int) -> float | None:
        """When the customer's devices were last looked up."""
        count = self._counts.get(customer_id)
        return None if count is None else count.read_at

    def _count_of(self, customer_id: int) -> _Count:
        count = self._counts.get(customer_id)
        if count is None:
            count = self._counts[customer_id] = _Count()
        return count

    def _seen(self, count: _Count, customer_id: int, station: str, now: float) -> Guesses:
        wrong = _of_last_hour(count, now)
        latest = max(count.turn, count.wrong[-1] / 1000 if count.wrong else 0.0)
        is_due = wrong < MOST_WRONG or not -_SKEW <= now - latest < _TURN
        return Guesses(wrong, self._knows(count, customer_id, station, now), is_due)

    def _knows(self, count: _Count, customer_id: int, station: str, now: float) -> bool:
        if not station:
            return False
        key = customer_id, station
        last = self._recent.get(key) or self._before.get(key) or count.devices.get(station, 0.0)
        return now - last < _FAMILIAR

    def _settle(self, customer_id: int, count: _Count) -> None:
        """As many as are looked at are enough."""
        del count.wrong[:-MOST_WRONG]
        self._counts.move_to_end(customer_id)
        if len(count.wrong) == MOST_WRONG:
            self.crowded.add(customer_id)

    def _forget_old(self, now: float) -> None:
        """Two at a time: no login waits while thousands are forgotten."""
        for _ in range(2):
            customer_id, count = next(iter(self._counts.items()), (0, None))
            if count is None or (count.wrong and now - count.wrong[-1] / 1000 < _HOUR):
                return
            del self._counts[customer_id]
            self.crowded.discard(customer_id)


def _of_last_hour(count: _Count, now: float) -> int:
    since, until = _milliseconds(now - _HOUR), _milliseconds(now + _SKEW)
    return max(0, bisect_right(count.wrong, until) - bisect_right(count.wrong, since))


def _milliseconds(moment: float) -> int:
    return max(0, round(moment * 1000))
