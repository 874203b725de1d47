"""Hooks that wait for the spool's commit, and the order in which they are woken."""

from __future__ import annotations

import threading
from pathlib import Path

from radius_module import records


class Waiter:
    """A record and the hook that waits for it; the raw lock is the cheapest thing to wait on.

    Those of one commit wake each other in a row: woken all at once, they would queue for the interpreter, and waiting
    for it costs more than everything else that they do (measured: 6.5 switches a record, 3 in a row).
    """

    __slots__ = ("behind", "gone", "lock", "stored", "values")

    def __init__(self, values: records.Plain) -> None:
        self.values = values
        #: Segment and offset of the frame that holds it, once it is on the disk.
        self.stored: tuple[Path, int] | None = None
        #: Who is woken next; and whether this one's patience was over before it was woken.
        self.behind: Waiter | None = None
        self.gone = False
        self.lock = threading.Lock()
        self.lock.acquire()


def wake(waiter: Waiter | None) -> None:
    """Wake the next of a row that still waits. One that leaves at this very moment costs those behind it theirs."""
    while waiter is not None and waiter.gone:
        waiter = waiter.behind
    if waiter is not None:
        waiter.lock.release()
