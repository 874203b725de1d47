"""The durable record before the acknowledgement: hooks hand over, one thread commits for all of them and answers.

Whatever has come together while the disk was busy becomes one frame and one `fdatasync`; only after that the receipts
of its records are given out. Login results ride along and nobody waits for them. What is here is read, booked and
removed by the writer, another process (radius_module.writer).
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple

from models.reports import LoginResult, SessionEnd, SessionReport
from radius_module import records, segments
from radius_module.own_socket import Receipt
from radius_module.spare_segment import SpareSegment
from radius_module.spool_files import SpoolLocked, claim, make_ready, node_of
from radius_module.spool_waiters import Feed, Owed, Settled, Ticket

log = logging.getLogger(__name__)

#: Seconds after which a thread gives up waiting for the disk.
PUT_LIMIT = 5.0
#: Records that may wait for a disk that hangs; the routers send again what is beyond that.
WAITING_KEPT = 20_000
#: Seconds between two attempts to get a spool that works again.
RETRY_AFTER = 0.25
#: Login results wait so long for company, seconds.
LATER_DELAY = 0.05
#: Login results kept in memory while the disk takes nothing; beyond that the oldest are dropped and counted.
LATER_KEPT = 100_000
#: Where so many waited for one commit, the next waits for company, seconds: half the commits, half the work, and a
#: router does not notice a millisecond. A lone record is committed at once.
MUCH_COMPANY = 3
GATHERING = 0.001


class SpoolState(NamedTuple):
    """What metrics and status tell about the spool of this process."""

    working: bool
    committed_records: int
    commits: int
    failures: int
    results_dropped: int
    last_error: str
    last_commit_at: float


class Spool:
    """The spool of this node. One process at a time writes it (a lock file says so)."""

    def __init__(self, directory: Path, feed: Feed | None = None, settled: Settled = lambda *_: None) -> None:
        """Never fails on a bad disk: the spool then refuses records until the disk works again.

        `feed` hears of every record before it is acknowledged; `settled` is told which are on the disk or are not.
        """
        self.directory, self._feed, self._settled = directory, feed, settled
        self.node = "?"
        self._waiting: deque[Owed] = deque()
        self._tickets: deque[Ticket] = deque()
        self._later: deque[LoginResult | SessionEnd] = deque(maxlen=LATER_KEPT)
        self._wake = threading.Lock()
        self._wake.acquire()
        self._claim = -1
        self._segment: segments.SegmentWriter | None = None
        self._spare = SpareSegment(directory)
        self._retry_at = 0.0
        self._stopping = False
        #: How many waited for the commit before.
        self._company = 0
        self._records = self._commits = self._failures = self._dropped = 0
        self._error, self._committed_at = "", 0.0
        self._open()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    # -- called by hooks, in many threads --------------------------------------------------------------------

    def take(self, report: SessionReport, receipt: Receipt) -> bool:
        """Store the report and then give out its receipt, without waiting. False: it is not taken."""
        if self._is_broken() or len(self._waiting) >= WAITING_KEPT:
            return False
        self._waiting.append((records.plain(report), receipt))
        self._signal()
        return True

    def put(self, report: SessionReport) -> bool:
        """Wait until the report is on the disk. False: it may not be, so it must not be acknowledged."""
        return self._put(records.plain(report)) is not None

    def put_later(self, result: LoginResult | SessionEnd) -> None:
        """Store a login's result, or an end that we inferred, soon; never waits, never fails."""
        if len(self._later) == LATER_KEPT:
            self._dropped += 1
        self._later.append(result)

    def check(self) -> bool:
        """Health: write a mark, wait for the disk, read it back from the file."""
        token = secrets.token_bytes(8)
        mark = records.check_mark(token)
        place = self._put(mark)
        if place is None:
            return False
        try:
            frame = next(segments.frames(*place, limit=1 << 20), None)
            return frame is not None and mark in records.load(frame.payload)
        except (OSError, records.UnreadableRecord):
            return False

    def state(self) -> SpoolState:
        return SpoolState(
            self._segment is not None, self._records, self._commits, self._failures, self._dropped,
            self._error, self._committed_at,
        )  # fmt: skip

    def close(self, grace: float = 2.0) -> None:
        """Commit what is waiting and stop."""
        self._stopping = True
        self._signal()
        self._thread.join(grace)
        if not self._thread.is_alive() and self._claim >= 0:
            os.close(self._claim)
            self._claim = -1

    def _put(self, values: records.Plain) -> tuple[Path, int] | None:
        """Where the record lies, once it is on the disk; None where it may not be."""
        if self._is_broken():
            return None
        ticket = Ticket(values)
        self._tickets.append(ticket)
        self._signal()
        ticket.lock.acquire(timeout=PUT_LIMIT)
        return ticket.stored

    def _is_broken(self) -> bool:
        """Is the disk known to take nothing, and not to be tried again yet?"""
        return self._segment is None and time.monotonic() < self._retry_at

    def _signal(self) -> None:
        """Wake the committing thread; it is enough that one of many does."""
        if self._wake.locked():
            try:
                self._wake.release()
            except RuntimeError:  # another hook was quicker between the question and the act
                return

    # -- the committing thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        while not (self._stopping and not self._waiting and not self._tickets and not self._later):
            self._wake.acquire(timeout=0 if self._waiting or self._tickets else LATER_DELAY)
            if self._company >= MUCH_COMPANY:
                time.sleep(GATHERING)
            try:
                self._commit()
            except Exception:
                # Whatever it was, hooks must not wait for a thread that is gone.
                log.exception("spool: commit failed")
                self._failed("internal error")
            if self._stopping and self._segment is None:
                return

    def _commit(self) -> None:
        """One frame for all that wait now. Tickets are told whatever happens; what is stored is answered."""
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        tickets = [self._tickets.popleft() for _ in range(len(self._tickets))]
        results = [] if self._is_broken() else [self._later.popleft() for _ in range(len(self._later))]
        self._company = len(waiting)
        if not waiting and not tickets and not results:
            return
        try:
            place = self._store([values for values, _ in waiting] + [ticket.values for ticket in tickets]
                                + [records.plain(result) for result in results])  # fmt: skip
            for ticket in tickets:
                ticket.stored = place
        except OSError as wrong:
            self._failed(str(wrong))
            self._later.extendleft(reversed(results))
            self._settled(waiting, False)
        else:
            self._settled(waiting, True)
        finally:
            for ticket in tickets:
                ticket.lock.release()

    def _store(self, values: list[records.Plain]) -> tuple[Path, int]:
        """One frame of all of them, on the disk; where it begins. Raises OSError."""
        octets = segments.frame(records.dump(values), len(values))
        if self._segment is None or not self._segment.fits(octets):
            self._next_segment()
        assert self._segment is not None  # noqa: S101  # _next_segment raises otherwise
        place = self._segment.path, self._segment.position
        offered = self._feed.offer(values) if self._feed is not None else 0
        self._segment.append(octets)
        if self._feed is not None:
            self._feed.settle(values, offered)
        self._records, self._commits, self._committed_at = self._records + len(values), self._commits + 1, time.time()
        return place

    def _next_segment(self) -> None:
        """Close the segment and take a new one. Raises OSError where the disk has no room or does not work."""
        closed, self._segment = self._segment, None
        if closed is not None:
            closed.close()
        if self._claim < 0:
            self._open()
        if self._claim < 0:
            raise OSError(self._error)
        present = segments.listed(self.directory)
        number = segments.number_of(present[-1]) + 1 if present else int(time.time() * 1000)
        path = segments.path_of(self.directory, number)
        self._segment = self._spare.take(path) or segments.create(path)
        self._spare.prepare()
        if self._error:
            log.warning("spool: storing again, in %s", self._segment.path.name)
            self._error = ""

    def _failed(self, error: str) -> None:
        """Trust the segment no more: after a failed fsync nobody knows what of it is on the disk."""
        if error != self._error:
            log.error("spool: nothing is stored and no accounting acknowledged: %s", error)
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()
        self._spare.discard()
        self._failures, self._error, self._retry_at = self._failures + 1, error, time.monotonic() + RETRY_AFTER

    def _open(self) -> None:
        """Claim the directory for this process."""
        try:
            make_ready(self.directory)
            self.node = node_of(self.directory.parent)
            self._claim = claim(self.directory)
            self._spare.clear()
            self._next_segment()
        except (OSError, SpoolLocked) as wrong:
            self._failed(str(wrong))
