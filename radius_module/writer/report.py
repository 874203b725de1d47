"""What the writer reports about itself each second (radius_module.status)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from models.deadline import scaled
from radius_module.spool import files
from radius_module.status import Trouble, described, moment

#: The database answers a writer that has nothing to do every few seconds; records are booked at once.
LONGEST_SILENCE, OLDEST_RECORD = scaled(20.0), scaled(60.0)


class Progress:
    """When the database last answered, and when something was last booked; durations by the monotonic clock."""

    def __init__(self) -> None:
        self._answered = time.monotonic()
        self.booked_at = 0.0
        self.records = 0

    def answered(self) -> None:
        """The database lives."""
        self._answered = time.monotonic()

    def booked(self, records: int) -> None:
        """A batch is committed."""
        self.answered()
        self.booked_at = time.time()
        self.records += records

    @property
    def silence(self) -> float:
        """Seconds since the database answered."""
        return time.monotonic() - self._answered


def facts(
    progress: Progress,
    spools: Sequence[Path],
    alarm: Callable[[], str | None],
    locked: Callable[[], tuple[int, float] | None] = lambda: None,
) -> dict[str, object]:
    """The report. `alarm`: why history is not removed; `locked`: tenant and seconds of who waits for a lock longest."""
    waiting = _age_of_oldest(spools)
    troubles: list[Trouble] = []
    if progress.silence > LONGEST_SILENCE:
        troubles.append(Trouble("books", f"the database has not answered for {progress.silence:.0f} s"))
    if waiting > OLDEST_RECORD:
        troubles.append(Trouble("books", f"the oldest record has been waiting to be booked for {waiting:.0f} s"))
    warnings = [Trouble("history", text)] if (text := alarm()) else []
    if (longest := locked()) is not None:
        isp_id, seconds = longest
        warnings.append(Trouble("locked", f"records of tenant {isp_id} have waited for a lock for {seconds:.0f} s"))
    return {
        **moment(),
        "booked": progress.records,
        "booked_at": progress.booked_at or None,
        "database_silent_seconds": round(progress.silence, 1),
        "oldest_waiting_seconds": round(waiting, 1),
        **described(troubles, warnings),
    }


def _age_of_oldest(spools: Sequence[Path]) -> float:
    """Seconds, of the records of all spools; 0 where nothing waits."""
    moments = []
    for spool in spools:
        try:
            moments.append(files.oldest(spool))
        except (OSError, ValueError):
            continue
    return max([0.0, *(time.time() - moment for moment in moments if moment is not None)])
