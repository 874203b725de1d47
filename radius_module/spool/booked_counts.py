"""What was booked of a spool, by kind: counted by the writer, kept beside the segments, read for metrics."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from models.accounting.records import Booked
from radius_module.spool.record_kind import kind_of

#: Beside the spool's segments: what was booked of it, since it was made.
BOOKED = "booked-counts.json"
_SAID_EVERY = 1.0


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
