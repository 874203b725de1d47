"""One line per step on the terminal, with the seconds since the start."""

import sys
import time
from collections.abc import Iterable


class Progress:
    def __init__(self) -> None:
        self._started = time.monotonic()

    def step(self, text: str) -> None:
        say(f"[{time.monotonic() - self._started:5.1f} s] {text}")


def say(text: str = "") -> None:
    """To standard output at once. A reader that has gone away stops nothing."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except (BrokenPipeError, OSError):
        pass


def say_all(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)
