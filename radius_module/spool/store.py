"""The durable record: frames of records into segments, each on the disk before anybody hears that it is stored.

One thread of one process writes a spool (a lock file says so): a spool's own (radius_module.spool.background), or the
process that answers accounting (radius_module.acct.store_process). What is here is read, booked and removed by
radius_module.writer.writer.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import NamedTuple, Protocol

from radius_module.spool import codec, segment
from radius_module.spool.files import SpoolLocked, claim, make_ready, node_of
from radius_module.spool.spare_segment import SpareSegment

log = logging.getLogger(__name__)

#: Seconds between two attempts to get a spool that works again.
RETRY_AFTER = 0.25


class SpoolState(NamedTuple):
    """A spool as metrics and status show it."""

    working: bool
    committed_records: int
    commits: int
    failures: int
    results_dropped: int
    last_error: str
    last_commit_at: float


class Feed(Protocol):
    """Whom records are sent to while the disk is busy; waited for (not long) after it."""

    def offer(self, dumped: bytes) -> int:
        """Send, as they are stored (codec.dump); the number that `settle` wants back."""

    def settle(self, dumped: bytes, offered: int) -> None:
        """Wait until they have arrived."""


class Store:
    """The spool of this node, as the one who writes it has it."""

    def __init__(self, directory: Path, feed: Feed | None = None) -> None:
        """Never fails on a bad disk: it then stores nothing until the disk works again."""
        self.directory, self._feed = directory, feed
        self.node = "?"
        self._claim = -1
        self._segment: segment.SegmentWriter | None = None
        self._spare = SpareSegment(directory)
        self._retry_at = 0.0
        self._records = self._commits = self._failures = 0
        self._error, self._committed_at = "", 0.0
        try:
            self._next_segment()
        except OSError as error:
            self.failed(str(error))

    def is_broken(self) -> bool:
        """Is the disk known to take nothing, and not to be tried again yet?"""
        return self._segment is None and time.monotonic() < self._retry_at

    @property
    def works(self) -> bool:
        """Has the disk taken what came last?"""
        return self._segment is not None

    def store(self, dumped: bytes, count: int) -> tuple[Path, int]:
        """So many records (codec.dump) as one frame, on the disk when this returns; where the frame begins.

        Raises OSError: they may not be there, and must not be acknowledged.
        """
        try:
            return self._store(dumped, count)
        except OSError as error:
            self.failed(str(error))
            raise

    def check(self) -> bool:
        """Health: write a mark, wait for the disk, read it back from the file."""
        mark = codec.check_mark()
        try:
            place = self.store(codec.dump([mark]), 1)
        except OSError:
            return False
        return is_at(mark, place)

    def state(self, dropped: int = 0) -> SpoolState:
        """`dropped` is how many login results were."""
        return SpoolState(
            self.works, self._records, self._commits, self._failures, dropped,
            self._error, self._committed_at,
        )  # fmt: skip

    def failed(self, error: str) -> None:
        """Trust the segment no more: after a failed fsync nobody knows what of it is on the disk."""
        if error != self._error:
            log.error("spool: nothing is stored and no accounting acknowledged: %s", error)
        failed, self._segment = self._segment, None
        if failed is not None:
            failed.close()
        self._spare.discard()
        self._failures, self._error, self._retry_at = self._failures + 1, error, time.monotonic() + RETRY_AFTER

    def close(self) -> None:
        """Give it up: another process may have it."""
        if self._claim >= 0:
            os.close(self._claim)
            self._claim = -1

    def _store(self, dumped: bytes, count: int) -> tuple[Path, int]:
        octets = segment.frame(dumped, count)
        if self._segment is None or not self._segment.fits(octets):
            self._next_segment()
        assert self._segment is not None  # noqa: S101  # _next_segment raises otherwise
        place = self._segment.path, self._segment.position
        offered = self._feed.offer(dumped) if self._feed is not None else 0
        self._segment.append(octets)
        if self._feed is not None:
            self._feed.settle(dumped, offered)
        self._records, self._commits, self._committed_at = self._records + count, self._commits + 1, time.time()
        return place

    def _next_segment(self) -> None:
        """Close the segment and take a new one. Raises OSError where the disk has no room or does not work."""
        closed, self._segment = self._segment, None
        if closed is not None:
            closed.close()
        if self._claim < 0:
            self._claim_directory()
        present = segment.listed(self.directory)
        number = segment.number_of(present[-1]) + 1 if present else int(time.time() * 1000)
        path = segment.path_of(self.directory, number)
        self._segment = self._spare.take(path) or segment.create(path)
        self._spare.prepare()
        if self._error:
            log.warning("spool: storing again, in %s", self._segment.path.name)
            self._error = ""

    def _claim_directory(self) -> None:
        """Have the directory for this process. Raises OSError."""
        make_ready(self.directory)
        self.node = node_of(self.directory.parent)
        try:
            self._claim = claim(self.directory)
        except SpoolLocked as taken:
            raise OSError(str(taken)) from taken
        self._spare.clear()


def is_at(mark: codec.Plain, place: tuple[Path, int]) -> bool:
    """Does the file hold this where it was stored?"""
    try:
        frame = next(segment.frames(*place, limit=1 << 20), None)
        return frame is not None and mark in codec.load(frame.payload)
    except (OSError, codec.UnreadableRecord):
        return False
