"""The segment after the one in use, made ahead: filling 4 MiB with zeroes takes a disk 20 to 120 ms.

It lies beside the others under a name that nobody reads, whole and synced, until it is needed.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from threading import Lock, Thread

from radius_module.spool.segment import SegmentWriter

_SUFFIX = ".spare"


class SpareSegment:
    """At most one; made by a thread of its own, taken by the one that commits."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ready: SegmentWriter | None = None
        self._is_being_filled = False
        self._lock = Lock()

    def prepare(self) -> None:
        """Have one filled, unless there is one. Never waits; where the disk has no room there will be none."""
        with self._lock:
            if self._is_being_filled or self._ready is not None:
                return
            self._is_being_filled = True
        Thread(target=self._fill, name="spare", daemon=True).start()

    def take(self, path: Path) -> SegmentWriter | None:
        """The spare under its new name, which is on the disk; None if there is none, or it cannot be had."""
        with self._lock:
            ready, self._ready = self._ready, None
        if ready is None:
            return None
        try:
            ready.rename(path)
        except OSError:
            ready.remove()
            return None
        return ready

    def discard(self) -> None:
        """Do not trust it: the disk failed."""
        with self._lock:
            ready, self._ready = self._ready, None
        if ready is not None:
            ready.remove()

    def clear(self) -> None:
        """Remove what an earlier process left."""
        for path in self._directory.glob(f"*{_SUFFIX}"):
            path.unlink(missing_ok=True)

    def _fill(self) -> None:
        try:
            segment: SegmentWriter | None = SegmentWriter(self._directory / f"{secrets.token_hex(8)}{_SUFFIX}")
        except OSError:
            segment = None
        with self._lock:
            self._ready, self._is_being_filled = segment, False
