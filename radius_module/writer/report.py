"""What the writer reports about itself each second (radius_module.status)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from models.deadline import scaled
from radius_module.spool import booked_counts, files
from radius_module.status import SpoolState, Trouble, described, moment

#: The database answers a writer that has nothing to do every few seconds; records are booked at once.
LONGEST_SILENCE, OLDEST_RECORD = scaled(20.0), scaled(60.0)
#: After a count, so many times its duration nothing is counted.
_COUNTING_SHARE = 20

T = TypeVar("T")


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


class Depths:
    """How much waits in the spools. Counting a long backlog reads all of it, so it is done the less often then."""

    def __init__(self, spools: Mapping[str, Path], clock: Callable[[], float] = time.monotonic) -> None:
        self._spools, self._clock = spools, clock
        self._counted: dict[str, files.Backlog] = {}
        self._next = 0.0

    def now(self) -> dict[str, SpoolState]:
        """By the process whose spool it is; one that cannot be read is left out."""
        begun = self._clock()
        if begun >= self._next:
            self._counted = dict(_readable(self._spools, files.backlog))
            self._next = begun + _COUNTING_SHARE * (self._clock() - begun)
        came = dict(_readable(self._spools, files.oldest))
        now = time.time()
        return {
            name: SpoolState(
                records=counted.records, octets=counted.octets,
                oldest_seconds=round(max(0.0, now - (came.get(name) or now)), 1),
                booked=booked_counts.booked(self._spools[name]),
            )
            for name, counted in self._counted.items()
        }  # fmt: skip


def _readable(spools: Mapping[str, Path], read: Callable[[Path], T]) -> Iterator[tuple[str, T]]:
    for name, path in spools.items():
        with suppress(OSError, ValueError):
            yield name, read(path)


def facts(
    progress: Progress,
    depths: Depths,
    alarm: Callable[[], str | None],
    locked: Callable[[], tuple[int, float] | None] = lambda: None,
) -> dict[str, object]:
    """The report. `alarm`: why history is not removed; `locked`: tenant and seconds of who waits for a lock longest."""
    spools = depths.now()
    waiting = max((state.oldest_seconds for state in spools.values()), default=0.0)
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
        "spools": {name: state._asdict() for name, state in spools.items()},
        **described(troubles, warnings),
    }
