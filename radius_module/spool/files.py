"""What lies in the spool directory beside the segments: the node's name, the lock, how far the writer is."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from radius_module.replace_file import owned_as_its_directory, replace_text
from radius_module.spool import codec, segment

_NODE = "node"
_LOCK = "lock"
#: Written after each booked batch, without fsync: a hint for depth and restart. The database has the truth.
_BOOKED = "booked.json"


class SpoolLocked(Exception):
    """Another process has this spool."""


class Position(NamedTuple):
    """A place in the spool: everything in segments before `segment`, and `offset` octets of it."""

    segment: str
    offset: int


class Backlog(NamedTuple):
    """What is stored and not yet booked."""

    records: int
    octets: int
    #: Name of the segment with the oldest waiting record; None where nothing waits.
    oldest_segment: str | None


def make_ready(directory: Path) -> None:
    """The directory, for our user alone."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def node_of(directory: Path) -> str:
    """The node's random name, made once; `directory` is that of all its spools. Raises OSError."""
    path = directory / _NODE
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    fresh = directory / f"{_NODE}.{secrets.token_hex(4)}"
    with fresh.open("x") as file:
        owned_as_its_directory(file.fileno(), directory)
        file.write(secrets.token_hex(8) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process of this node was quicker
    finally:
        fresh.unlink()
    segment.sync_directory(directory)
    return path.read_text().strip()


def claim(directory: Path, name: str = _LOCK) -> int:
    """An open file whose lock says that this process has the spool; it ends with the process. Raises SpoolLocked."""
    fd = os.open(directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    owned_as_its_directory(fd, directory)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        os.close(fd)
        raise SpoolLocked(f"another process has {directory / name}") from taken
    return fd


def booked(directory: Path) -> Position:
    """How far the writer says it is; the beginning where it says nothing."""
    try:
        hint = json.loads((directory / _BOOKED).read_text())
        return Position(str(hint["segment"]), int(hint["offset"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Position("", 0)


def write_booked(directory: Path, position: Position) -> None:
    """Leave the hint. A failed write must not stop booking."""
    with suppress(OSError):
        replace_text(directory / _BOOKED, json.dumps(position._asdict()))


def waiting(directory: Path, since: Position | None = None) -> list[tuple[Path, int]]:
    """Segments that may hold records behind `since` (default: the writer's hint), and where to begin in each."""
    if not directory.is_dir():
        return []
    start = booked(directory) if since is None else since
    return [
        (path, start.offset if path.name == start.segment else 0)
        for path in segment.listed(directory)
        if path.name >= start.segment
    ]


def oldest(directory: Path) -> float | None:
    """When the oldest waiting record came, epoch seconds; None where nothing waits."""
    for path, offset in waiting(directory):
        for frame in segment.frames(path, offset, limit=1 << 20):
            for values in codec.load(frame.payload):
                record = codec.record(values)
                if record is not None:
                    return codec.moment_of(record)
    return None


def backlog(directory: Path) -> Backlog:
    """Count what waits, by the frames' heads."""
    count = octets = 0
    oldest_segment = None
    for path, offset in waiting(directory):
        for frame in segment.frames(path, offset):
            count, octets = count + frame.records, octets + len(frame.payload)
            oldest_segment = oldest_segment or path.name
    return Backlog(count, octets, oldest_segment)
