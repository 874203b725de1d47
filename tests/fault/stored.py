"""What a reader finds in a spool's files."""

from __future__ import annotations

from pathlib import Path

from models.reports import SessionReport
from radius_module import records, segments


def octets_in(directory: Path) -> list[int]:
    """Of each report, in the order of the files."""
    found = []
    for path in segments.listed(directory):
        for frame in segments.frames(path):
            plain = [records.record(values) for values in records.load(frame.payload)]
            found += [one.octets_in for one in plain if isinstance(one, SessionReport)]
    return found
