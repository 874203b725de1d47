"""A clock that nobody can set, told as the wall clock is: for how long something has lasted, and how old it is.

It is the wall clock of the process's start and the time that has passed since. Durations by the wall clock itself would
be wrong by what it was set by (docs/decisions/0080-history-and-wrong-clocks.md).
"""

from __future__ import annotations

import time
from pathlib import Path

#: Of this boot: times since it mean nothing in another.
BOOT = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def since_boot() -> float:
    """Seconds that also pass while the machine sleeps, and that nobody can set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


#: What the wall clock was ahead of `since_boot` when the process started.
ORIGIN = time.time() - since_boot()


def leap() -> int:
    """By how much the wall clock has been set since; whole seconds, for one that is only slewed needs no correction."""
    return round(time.time() - since_boot() - ORIGIN)


def steady(moment: float) -> float:
    """The same moment, which the wall clock told just now, by the steady one."""
    return moment - leap()


def steady_now() -> float:
    """The moment."""
    return steady(time.time())


def of_the_past(moment: float) -> float:
    """A moment that the wall clock told at some time, before it was set perhaps: never in the future."""
    now = time.time()
    return min(moment, now) - round(now - since_boot() - ORIGIN)


def moved(origin: float, boot: str) -> float:
    """What is to be added to another process's steady times to have them here; 0 after a boot, as nobody knows."""
    return ORIGIN - origin if boot == BOOT else 0.0
