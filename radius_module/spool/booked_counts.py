"""What was booked of a spool, by kind: counted by the writer, kept beside the segments, read for metrics."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from models.accounting.records import Booked
from radius_module.replace_file import replace_text
from radius_module.spool.record_kind import kind_of

#: Beside the spool's segments: what was booked of it, since it was made.
BOOKED = "booked-counts.json"
_WRITTEN_EVERY = 1.0


class BookedTally:
    """What was booked of one spool, kept in a file so that the counts survive the writer."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / BOOKED
        self._counts = Counter(booked(directory))
        self._is_written, self._written_at = True, 0.0

    def add(self, records: Iterable[Booked]) -> None:
        """After their commit."""
        self._counts.update(map(kind_of, records))
        self._is_written = False

    def write(self) -> None:
        """At most once a second, for the readers are few and slow. A failed write must not stop booking."""
        if self._is_written or time.monotonic() - self._written_at < _WRITTEN_EVERY:
            return
        self._is_written, self._written_at = True, time.monotonic()
        with suppress(OSError):
            replace_text(self._path, json.dumps(self._counts))


def booked(directory: Path) -> dict[str, int]:
    """Kind → records booked; empty where none were written."""
    try:
        counts = json.loads((directory / BOOKED).read_text())
        return {str(kind): int(count) for kind, count in counts.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
