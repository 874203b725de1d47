"""Who waits for the spool's commit and who hears of it: routers and their receipts, threads with a ticket, the feed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from radius_module import records
from radius_module.own_socket import Receipt

#: A record, and what its router waits for.
Owed = tuple[records.Plain, Receipt]
#: Told which are on the disk, or are not.
Settled = Callable[[Sequence[Owed], bool], None]


class Ticket:
    """A record and the thread that waits for it; the raw lock is the cheapest thing to wait on."""

    __slots__ = ("lock", "stored", "values")

    def __init__(self, values: records.Plain) -> None:
        self.values = values
        #: Segment and offset of the frame that holds it, once it is on the disk.
        self.stored: tuple[Path, int] | None = None
        self.lock = threading.Lock()
        self.lock.acquire()


class Feed(Protocol):
    """Who hears of records: told while the disk is busy, waited for (not long) after it."""

    def offer(self, plain: list[records.Plain]) -> int:
        """Tell; the number that `settle` wants back."""

    def settle(self, plain: list[records.Plain], offered: int) -> None:
        """Wait until they were heard."""
