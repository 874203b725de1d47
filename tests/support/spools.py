"""What tests of spools look at: everything that a reader finds, and whether it comes to be."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from models.accounting.records import Booked
from radius_module.spool import codec, segment


def stored(directory: Path) -> list[Booked]:
    """Everything that a reader finds, in its order."""
    found = []
    for path in segment.listed(directory):
        for frame in segment.frames(path):
            found += [codec.record(values) for values in codec.load(frame.payload)]
    return [record for record in found if record is not None]


def until(condition: Callable[[], object], limit: float = 5.0) -> None:
    """Wait for something that another thread or process does."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Lost(Exception):
    """The process is gone."""


def lost() -> NoReturn:
    """Of a process that stores, and that a test outlives."""
    raise Lost
