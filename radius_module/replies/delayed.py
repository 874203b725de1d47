"""Packets that leave later: refusals of guesses (radius_module/login/reject_delay.py).

FreeRADIUS could hold them back (`reject_delay`), but then it keeps every other request for a second too
(docs/decisions/0035-logins-without-threads.md).
"""

from __future__ import annotations

import heapq
import time
from itertools import count
from threading import Condition, Thread

from radius_module.packets.reply_to import ReplyTo
from radius_module.replies.freeradius_socket import FreeradiusSocket

#: Packets that wait, about 500 octets each. Faster guesses get no answer.
MOST = 50_000


class DelayedReplies:
    """A thread that sends each packet when it is due; the first packet starts it."""

    def __init__(self, link: FreeradiusSocket) -> None:
        self._link = link
        #: (When, a number that no other has, packet, where to), the next one first.
        self._waiting: list[tuple[float, int, bytes, ReplyTo]] = []
        self._numbers = count()
        self._changed = Condition()
        self._thread: Thread | None = None
        self._closing = False

    def send(self, octets: bytes, reply_to: ReplyTo, delay: float) -> None:
        """In `delay` seconds. Never waits."""
        with self._changed:
            if self._closing or len(self._waiting) >= MOST:
                return
            heapq.heappush(self._waiting, (time.monotonic() + delay, next(self._numbers), octets, reply_to))
            self._changed.notify()
            if self._thread is None:
                self._thread = Thread(target=self._run, name="delayed", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Send no more; devices ask again."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(1.0)

    def _run(self) -> None:
        while (due := self._next()) is not None:
            self._link.send(*due)

    def _next(self) -> tuple[bytes, ReplyTo] | None:
        """Wait for the next one that is due; None at the end."""
        with self._changed:
            while not self._closing:
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is not None and left <= 0:
                    _when, _number, octets, reply_to = heapq.heappop(self._waiting)
                    return octets, reply_to
                self._changed.wait(left)
        return None
