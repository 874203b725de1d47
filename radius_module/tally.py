"""How many records of each kind came, were refused, were booked: for metrics."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import get_ident

from models.reports import INTERIM, REBOOTS, START, STOP, Booked, LoginResult, SessionReport
from radius_module.accounting_server import AccountingServer
from radius_module.receipts import Receipt
from radius_module.settings import Settings
from radius_module.spool_waiters import Owed

_STATUSES = frozenset((START, INTERIM, STOP, *REBOOTS))
OTHER = "other"
#: Beside the spool's segments: what was booked of it, since it was made.
BOOKED = "booked-counts.json"
_SAID_EVERY = 1.0


class Tally:
    """Counts in many threads without a lock: each thread has its own."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, str], int] = {}

    def add(self, kind: str) -> None:
        """One more."""
        key = (get_ident(), kind)
        self._counts[key] = self._counts.get(key, 0) + 1

    def sums(self) -> dict[str, int]:
        """Of all threads."""
        found: Counter[str] = Counter()
        for (_thread, kind), count in list(self._counts.items()):
            found[kind] += count
        return dict(found)


class CountedServer(AccountingServer):
    """The accounting process, counting what routers report."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._taken, self._refused = Tally(), Tally()

    def take(self, report: SessionReport, receipt: Receipt) -> bool:
        taken = super().take(report, receipt)
        if not taken:
            self._refused.add(kind_of(report))
        return taken

    def settled(self, owed: Sequence[Owed], stored: bool) -> None:
        super().settled(owed, stored)
        tally = self._taken if stored else self._refused
        for (_, status, *_), _ in owed:
            tally.add(status if status in _STATUSES else OTHER)

    def _facts(self) -> dict[str, object]:
        return super()._facts() | {"taken": self._taken.sums(), "refused": self._refused.sums()}


class BookedTally:
    """What was booked of one spool, kept in a file so that the counts survive the writer."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / BOOKED
        self._counts = Counter(booked(directory))
        self._is_said, self._said_at = True, 0.0

    def add(self, records: Iterable[Booked]) -> None:
        """After their commit."""
        self._counts.update(map(kind_of, records))
        self._is_said = False

    def say(self) -> None:
        """At most once a second, as whoever reads it asks seldom. A disk that takes it not stops no booking."""
        if self._is_said or time.monotonic() - self._said_at < _SAID_EVERY:
            return
        self._is_said, self._said_at = True, time.monotonic()
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text(json.dumps(self._counts))
            fresh.replace(self._path)
        except OSError:
            return


def booked(directory: Path) -> dict[str, int]:
    """Kind → records booked; nothing where nobody said."""
    try:
        said = json.loads((directory / BOOKED).read_text())
        return {str(kind): int(count) for kind, count in said.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def kind_of(record: Booked) -> str:
    """`Start`, …; `login` for a login's result, `end` for a session that we took for over."""
    if isinstance(record, SessionReport):
        return record.status if record.status in _STATUSES else OTHER
    return "login" if isinstance(record, LoginResult) else "end"
