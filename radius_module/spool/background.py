"""A spool beside other work: records are handed over, and one thread commits for all who do.

Whatever has come together while the disk was busy becomes one frame and one `fdatasync`. Login results ride along and
nobody waits for them. Accounting, which waits for each record, has a process of its own
(radius_module.acct.store_process).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from pathlib import Path

from models.accounting.records import AccountingRecord, AuthResult, InferredStop
from radius_module.spool import codec
from radius_module.spool.store import SpoolState, Store, is_at

log = logging.getLogger(__name__)

#: Seconds after which a thread gives up waiting for the disk.
PUT_LIMIT = 5.0
#: Login results wait so long for company, seconds.
LATER_DELAY = 0.05
#: Login results kept in memory while the disk takes nothing; beyond that the oldest are dropped and counted.
LATER_KEPT = 100_000


class _Ticket:
    """A record and the thread that waits for it; the raw lock is the cheapest thing to wait on."""

    __slots__ = ("lock", "stored", "values")

    def __init__(self, values: codec.Plain) -> None:
        self.values = values
        #: Segment and offset of the frame that holds it, once it is on the disk.
        self.stored: tuple[Path, int] | None = None
        self.lock = threading.Lock()
        self.lock.acquire()


class BackgroundSpool:
    """The spool of this node, for many threads of this process."""

    def __init__(self, directory: Path) -> None:
        """Never fails on a bad disk: the spool then refuses records until the disk works again."""
        self.directory = directory
        self._store = Store(directory)
        self._tickets: deque[_Ticket] = deque()
        self._later: deque[AuthResult | InferredStop] = deque(maxlen=LATER_KEPT)
        self._wake = threading.Lock()
        self._wake.acquire()
        self._stopping = False
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    @property
    def node(self) -> str:
        """The node's name."""
        return self._store.node

    # -- called by many threads ------------------------------------------------------------------------------

    def put(self, record: AccountingRecord) -> bool:
        """Wait until the record is on the disk. False: it may not be, so it must not be acknowledged."""
        return self._put(codec.plain(record)) is not None

    def put_later(self, result: AuthResult | InferredStop) -> None:
        """Store a login's result, or an end that we inferred, soon; never waits, never fails."""
        if len(self._later) == LATER_KEPT:
            self._dropped += 1
        self._later.append(result)

    def check(self) -> bool:
        """Health: write a mark, wait for the disk, read it back from the file."""
        mark = codec.check_mark()
        place = self._put(mark)
        return place is not None and is_at(mark, place)

    def state(self) -> SpoolState:
        """What metrics and status tell about it."""
        return self._store.state(self._dropped)

    def close(self, grace: float = 2.0) -> None:
        """Commit what is waiting and stop."""
        self._stopping = True
        self._signal()
        self._thread.join(grace)
        if not self._thread.is_alive():
            self._store.close()

    def _put(self, values: codec.Plain) -> tuple[Path, int] | None:
        """Where the record lies, once it is on the disk; None where it may not be."""
        if self._store.is_broken():
            return None
        ticket = _Ticket(values)
        self._tickets.append(ticket)
        self._signal()
        ticket.lock.acquire(timeout=PUT_LIMIT)
        return ticket.stored

    def _signal(self) -> None:
        """Wake the committing thread; it is enough that one of many does."""
        if self._wake.locked():
            try:
                self._wake.release()
            except RuntimeError:  # another was quicker between the question and the act
                return

    # -- the committing thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        while not (self._stopping and not self._tickets and not self._later):
            self._wake.acquire(timeout=0 if self._tickets else LATER_DELAY)
            try:
                self._commit()
            except Exception:
                # Whatever it was, nobody must wait for a thread that is gone.
                log.exception("spool: commit failed")
                self._store.failed("internal error")
            if self._stopping and not self._store.works:
                return

    def _commit(self) -> None:
        """One frame for all that wait now. Tickets are told whatever happens."""
        tickets = [self._tickets.popleft() for _ in range(len(self._tickets))]
        results = [] if self._store.is_broken() else [self._later.popleft() for _ in range(len(self._later))]
        if not tickets and not results:
            return
        values = [ticket.values for ticket in tickets] + [codec.plain(result) for result in results]
        try:
            place = self._store.store(codec.dump(values), len(values))
            for ticket in tickets:
                ticket.stored = place
        except OSError:
            self._later.extendleft(reversed(results))
        finally:
            for ticket in tickets:
                ticket.lock.release()
