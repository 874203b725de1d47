"""Does the directory hold everything that was committed before a moment? Mark the moment, and wait for the mark.

A mark is one more NOTIFY on the directory's channel, `marks <isp_id> <number> -`: PostgreSQL tells news in the order
of the commits, so that the mark arrives after all that was committed before it. Its number is the time
it was made (CLOCK_MONOTONIC in ns, one for all processes): a load that began later knows as much.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Condition

from sqlalchemy import Connection

from radius_module.directory.contents import Contents
from radius_module.directory.readers import News, Reader

TOPIC = "marks"
#: So many are remembered for those who have not asked yet.
_REMEMBERED = 1000


class Marks:
    """The marks that have arrived, and those who wait for one."""

    def __init__(self) -> None:
        self._heard: deque[int] = deque(maxlen=_REMEMBERED)
        #: When the load that the directory is from began.
        self._loaded_at = self._loading_since = 0
        self._changed = Condition()

    def arrive(self, numbers: set[int]) -> None:
        """The directory holds what was committed before these."""
        with self._changed:
            self._heard.extend(numbers)
            self._changed.notify_all()

    def wait(self, number: int, until: float) -> bool:
        """Whether the mark is heard before `until` (monotonic seconds)."""
        with self._changed:
            return self._changed.wait_for(
                lambda: number in self._heard or number < self._loaded_at, max(0.0, until - time.monotonic())
            )

    def load(self) -> None:
        """Everything is being read anew; marks may get lost among the news that led to it."""
        self._loading_since = time.monotonic_ns()

    def loaded(self) -> None:
        """What was read is in force."""
        with self._changed:
            self._loaded_at = self._loading_since
            self._changed.notify_all()


class Marked:
    """A reader that notes marks when it has followed the news they came with."""

    def __init__(self, reader: Reader, marks: Marks) -> None:
        self._reader, self._marks = reader, marks
        self.topics = (*reader.topics, TOPIC)

    def load(self, connection: Connection) -> Contents:
        self._marks.load()
        return self._reader.load(connection)

    def follow(self, connection: Connection, news: News) -> None:
        numbers = news.pop(TOPIC, set())
        if news:
            self._reader.follow(connection, news)
        if numbers:
            self._marks.arrive(numbers)
