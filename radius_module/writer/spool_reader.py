"""The reading side of one spool: batches of records from where the database says it is, and the tidying behind it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, text

from models.accounting.records import Booked
from radius_module.spool import codec, files, segment
from radius_module.spool.booked_counts import BookedTally
from radius_module.spool.files import Position
from radius_module.writer.booked_segments import BookedSegments

_PROGRESS = text("select segment, position from spool_progress where node = :node")
_FORGET = text("delete from spool_progress where node = :node and segment = any(:segments)")
_ADVANCE = text(
    "insert into spool_progress (node, segment, position) values (:node, :segment, :position) "
    "on conflict (node, segment) do update set position = excluded.position"
)


class Unreadable(NamedTuple):
    """Something in the spool that is no record of this version."""

    octets: bytes
    reason: str


class Batch(NamedTuple):
    """Records in the order they came, what could not be read, and how far that is."""

    records: list[Booked]
    unreadable: list[Unreadable]
    #: Segment → octets of it that are read.
    positions: dict[str, int]
    #: Segments that are read to their end and no longer written.
    finished: list[Path]

    @property
    def is_empty(self) -> bool:
        """Nothing to book and nothing to remember: marks of the health check are read past like records."""
        return not (self.positions or self.finished)


class SpoolReader:
    """One spool directory. Progress is the database's: read once after each connect, kept in step afterwards."""

    def __init__(self, directory: Path, node: str) -> None:
        self.directory, self.node = directory, node
        self._positions: dict[str, int] = {}
        self._known = False
        self._gone: list[str] = []
        self._tally = BookedTally(directory)
        self._booked = BookedSegments(directory)

    def forget(self) -> None:
        """The connection is gone: what was not committed may or may not be."""
        self._known = False

    def next(self, connection: Connection, limit: int) -> Batch:
        """About `limit` records, not booked yet."""
        self._tally.write()
        self._gone += self._booked.remove_outworn()
        if not self._known:
            rows = connection.execute(_PROGRESS, {"node": self.node}).all()
            self._positions = {name: position for name, position in rows}
            self._known = True
        records: list[Booked] = []
        unreadable: list[Unreadable] = []
        finished: list[Path] = []
        positions: dict[str, int] = {}
        present = segment.listed(self.directory) if self.directory.is_dir() else []
        for path in present:
            offset = self._positions.get(path.name, 0)
            in_use = path == present[-1]
            for frame in segment.frames(path, offset, salvage=not in_use):
                positions[path.name] = frame.end
                _read(frame.payload, records, unreadable)
                if len(records) >= limit:
                    return Batch(records, unreadable, positions, finished)
            if not in_use:
                finished.append(path)
        return Batch(records, unreadable, positions, finished)

    def advance(self, connection: Connection, batch: Batch) -> None:
        """In the batch's transaction: everything up to its positions is booked."""
        if self._gone:
            connection.execute(_FORGET, {"node": self.node, "segments": self._gone})
        if batch.positions:
            connection.execute(_ADVANCE, [{"node": self.node, "segment": name, "position": position}
                                          for name, position in batch.positions.items()])  # fmt: skip

    def tidy(self, batch: Batch) -> None:
        """After the commit: remember, put away what is booked to its end, leave the hint for others."""
        self._positions |= batch.positions
        self._tally.add(batch.records)
        if batch.positions:
            files.write_booked(self.directory, Position(*max(batch.positions.items())))
        self._gone = []
        for path in batch.finished:
            self._positions.pop(path.name, None)
            if not self._booked.put(path):
                self._gone.append(path.name)
        if batch.finished:
            self._gone += self._booked.remove_outworn(now=True)


def _read(payload: bytes, records: list[Booked], unreadable: list[Unreadable]) -> None:
    try:
        plain = codec.load(payload)
    except codec.UnreadableRecord as error:
        unreadable.append(Unreadable(payload, str(error)))
        return
    for values in plain:
        try:
            record = codec.record(values)
        except codec.UnreadableRecord as error:
            unreadable.append(Unreadable(codec.dump([values]), str(error)))
        else:
            if record is not None:
                records.append(record)
