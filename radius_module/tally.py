"""How many records of each kind came and were refused: for metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import get_ident

from models.reports import SessionReport
from radius_module.accounting_server import AccountingServer
from radius_module.booked_counts import OTHER, STATUSES, kind_of
from radius_module.own_socket import Receipt
from radius_module.settings import Settings
from radius_module.spool_waiters import Owed


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
            tally.add(status if status in STATUSES else OTHER)

    def _facts(self) -> dict[str, object]:
        return super()._facts() | {"taken": self._taken.sums(), "refused": self._refused.sums()}
