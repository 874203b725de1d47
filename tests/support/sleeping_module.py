"""`python -m tests.support.sleeping_module MODULE …`: the module as a program, under a clock that libfaketime has set.

libfaketime takes the moment that Python's `time.sleep` waits for (clock_nanosleep with TIMER_ABSTIME) for one of the
wall clock, whatever it is told of clocks that count, and answers EINVAL. Here sleeping is a wait with a length.
"""

from __future__ import annotations

import runpy
import select
import sys
import time


def sleep(seconds: float) -> None:
    """As time.sleep."""
    select.select([], [], [], seconds)


if __name__ == "__main__":
    time.sleep = sleep
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
