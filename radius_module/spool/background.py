"""A spool beside other work: records are handed over without waiting, and one thread commits them.

Whatever has come together while the disk was busy becomes one frame and one `fdatasync`. For login results and inferred
stops, which nobody waits for; accounting, whose every record is waited for, has a process of its own
(radius_module.acct.store_process).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from pathlib import Path

from models.accounting.records import AuthResult, InferredStop
from radius_module.spool import codec
from radius_module.spool.store import SpoolState, Store

log = logging.getLogger(__name__)

#: Records wait so long for company, seconds.
COMMIT_DELAY = 0.05
#: Records kept in memory while the disk takes nothing; beyond that the oldest are dropped and counted.
LATER_KEPT = 100_000


class BackgroundSpool:
    """The spool of this node, for many threads of this process."""

    def __init__(self, directory: Path) -> None:
        """Never fails on a bad disk: records wait in memory until the disk works again."""
        self.directory = directory
        self._store = Store(directory)
        self._later: deque[AuthResult | InferredStop] = deque(maxlen=LATER_KEPT)
        self._stopping = threading.Event()
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    @property
    def node(self) -> str:
        """The node's name."""
        return self._store.node

    def put_later(self, record: AuthResult | InferredStop) -> None:
        """Store a login's result, or an end that we inferred, soon; never waits, never fails."""
        if len(self._later) == LATER_KEPT:
            self._dropped += 1
        self._later.append(record)

    def state(self) -> SpoolState:
        """For metrics and status."""
        return self._store.state(self._dropped)

    def close(self, grace: float = 2.0) -> None:
        """Commit what is waiting and stop."""
        self._stopping.set()
        self._thread.join(grace)
        if not self._thread.is_alive():
            self._store.close()

    def _run(self) -> None:
        while not (self._stopping.is_set() and not self._later):
            self._stopping.wait(COMMIT_DELAY)
            try:
                self._commit()
            except Exception:
                # Whatever it was, results must not wait for a thread that is gone.
                log.exception("spool: commit failed")
                self._store.failed("internal error")
            if self._stopping.is_set() and not self._store.works:
                return

    def _commit(self) -> None:
        """One frame for all that wait now; after a failed write they go on waiting."""
        records = [] if self._store.is_broken() else [self._later.popleft() for _ in range(len(self._later))]
        if not records:
            return
        try:
            self._store.store(codec.dump([codec.plain(record) for record in records]), len(records))
        except OSError:
            self._later.extendleft(reversed(records))
