"""What a reader finds in a spool's files."""

from __future__ import annotations

from pathlib import Path

from models.accounting.records import AccountingRecord
from radius_module.spool import codec, segment


def octets_in(directory: Path) -> list[int]:
    """Of each report, in the order of the files."""
    octets = []
    for path in segment.listed(directory):
        for frame in segment.frames(path):
            plain = [codec.record(values) for values in codec.load(frame.payload)]
            octets += [record.octets_in for record in plain if isinstance(record, AccountingRecord)]
    return octets
