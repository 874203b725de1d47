"""Where wrong passwords of customers wait, and never so many that nobody else is served."""

from __future__ import annotations

import time
from threading import BoundedSemaphore

#: Of a process' four threads.
_SEATS = 2
_seats = BoundedSemaphore(_SEATS)


def wait(seconds: int) -> int:
    """Sit the time out; where no seat is free, the seconds that the caller is asked to wait instead."""
    if seconds <= 0 or not _seats.acquire(blocking=False):
        return max(0, seconds)
    try:
        time.sleep(seconds)
    finally:
        _seats.release()
    return 0
