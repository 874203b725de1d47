"""Segments that are booked to their end, kept for some days: a database restored from a backup books from them what
it does not know (docs/decisions/0135-backups.md).

How far a segment is booked stays in the database for as long as the file is there (spool_progress). So whatever state
of the database is restored, it knows of each segment what it has of it, and nothing is booked twice.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from radius_module.spool import segment

#: Below each spool's directory; what lies there waits for nobody.
DIRECTORY = "booked"
KEPT_SECONDS = 7 * 86_400.0
#: Of each spool, octets: some five million records.
MOST_OCTETS = 1 << 30
#: Where the disk has less than this, room for what is not booked yet comes first.
LEAST_FREE = 1 << 30
_LOOKED_EVERY = 10.0


class BookedSegments:
    """Those of one spool."""

    def __init__(self, spool: Path) -> None:
        self._directory = spool / DIRECTORY
        self._looked_at = 0.0

    def put(self, path: Path) -> bool:
        """Keep a segment that is booked; False where it was removed, because it cannot be kept."""
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            path.rename(self._directory / path.name)
        except FileNotFoundError:
            return False
        except OSError:
            path.unlink(missing_ok=True)
            return False
        return True

    def remove_outworn(self, *, now: bool = False) -> list[str]:
        """Remove what is too old, or too much, or in the way; the names of what went. Looks every few seconds."""
        if not now and time.monotonic() - self._looked_at < _LOOKED_EVERY:
            return []
        self._looked_at = time.monotonic()
        removed = []
        with suppress(OSError):
            for path in _outworn(self._directory):
                path.unlink(missing_ok=True)
                removed.append(path.name)
        return removed


def _outworn(directory: Path) -> list[Path]:
    """The oldest first. Raises OSError."""
    if not directory.is_dir():
        return []
    disk = os.statvfs(directory)
    room = disk.f_bavail * disk.f_frsize - LEAST_FREE
    oldest_kept, kept = time.time() - KEPT_SECONDS, 0
    outworn: list[Path] = []
    for path in reversed(segment.listed(directory)):
        status = path.stat()
        kept += status.st_size
        if outworn or status.st_mtime < oldest_kept or kept > MOST_OCTETS or room < 0:
            outworn.append(path)
    return outworn[::-1]
