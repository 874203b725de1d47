"""A spool as tests write and read it: records that are waited for, everything that a reader finds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import NoReturn

from models.accounting.records import Booked
from radius_module.spool import codec, segment
from radius_module.spool.store import SpoolState, Store


class DirectSpool:
    """A spool whose every record is waited for, for many threads: as accounting's, without a process of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._store, self._lock = Store(directory), Lock()
        self.check, self.close = self._store.check, self._store.close

    @property
    def node(self) -> str:
        return self._store.node

    def put(self, record: Booked) -> bool:
        """Is the record on the disk?"""
        with self._lock:
            if self._store.is_broken():
                return False
            try:
                self._store.store(codec.dump([codec.plain(record)]), 1)
            except OSError:
                return False
            return True

    def state(self) -> SpoolState:
        return self._store.state()


def stored(directory: Path) -> list[Booked]:
    """Everything that a reader finds, in its order."""
    records = []
    for path in segment.listed(directory):
        for frame in segment.frames(path):
            records += [codec.record(values) for values in codec.load(frame.payload)]
    return [record for record in records if record is not None]


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
