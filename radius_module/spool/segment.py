"""The spool's files: segments of checksummed frames, written by one process and read by another while they grow.

A segment is filled with zeroes when it is made, so that a commit overwrites blocks that are there: `fdatasync` then
has no metadata to write (163 µs instead of 291 µs: docs/decisions/0030-spool-segments.md), and a full disk shows
when a segment is made, never in the middle of one. Layout: a header of 16 octets, then frames; a frame is magic,
length, CRC-32 and number of records (little endian, 32 bits each) and the payload, and starts on a multiple of 8.
"""

from __future__ import annotations

import os
import secrets
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

SUFFIX = ".spool"
HEADER = b"INFORA SPOOL 1\n\0"
_FRAME = struct.Struct("<IIII")
_MAGIC = 0x464E4931
_MAGIC_OCTETS = _MAGIC.to_bytes(4, "little")
_ALIGN = 8
SEGMENT_BYTES = 4 << 20
#: What is tried where the disk has no room for a whole one.
SMALL_SEGMENT_BYTES = 256 << 10


class Frame(NamedTuple):
    """A verified frame: its payload, how many records it holds, where the next one starts."""

    payload: bytes
    records: int
    end: int


def frame(payload: bytes, count: int) -> bytes:
    """Octets of one frame, padded to the alignment."""
    head = _FRAME.pack(_MAGIC, len(payload), _checksum(payload, count), count)
    return head + payload + bytes(-(len(head) + len(payload)) % _ALIGN)


class SegmentWriter:
    """The segment being written. `append` returns after the octets are on the disk, or raises OSError."""

    def __init__(self, path: Path, size: int | None = None) -> None:
        """Make the file whole, prove that it can be written and read, and make its name durable."""
        size = SEGMENT_BYTES if size is None else size
        self.path, self.size = path, size
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(self._fd, 0, size)
            _write(self._fd, HEADER + bytes(size - len(HEADER)), 0)
            os.fdatasync(self._fd)
            if os.pread(self._fd, len(HEADER), 0) != HEADER:
                raise OSError(f"{path} does not read as it was written")
            sync_directory(path.parent)
        except OSError:
            os.close(self._fd)
            path.unlink(missing_ok=True)
            raise
        self.position = len(HEADER)

    def fits(self, octets: bytes) -> bool:
        return self.position + len(octets) <= self.size

    def append(self, octets: bytes) -> None:
        """Write a frame and wait for the disk. After an OSError this segment must not be written again."""
        _write(self._fd, octets, self.position)
        os.fdatasync(self._fd)
        self.position += len(octets)

    def rename(self, path: Path) -> None:
        """Give it another name, durably. Raises OSError; it may have either name then."""
        self.path.rename(path)
        self.path = path
        sync_directory(path.parent)

    def remove(self) -> None:
        """Close it and remove it from the disk, where the disk still works."""
        self.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._fd)


def path_of(directory: Path, number: int) -> Path:
    """A name for a segment, that no other has."""
    return directory / f"{number:016d}-{secrets.token_hex(4)}{SUFFIX}"


def create(path: Path) -> SegmentWriter:
    """A new segment, smaller where there is no room for a whole one. Raises OSError."""
    try:
        return SegmentWriter(path)
    except OSError:
        return SegmentWriter(path, SMALL_SEGMENT_BYTES)


def listed(directory: Path) -> list[Path]:
    """All segments, oldest first. The last one may be in use."""
    return sorted(path for path in directory.iterdir() if path.suffix == SUFFIX)


def number_of(path: Path) -> int:
    return int(path.name.partition("-")[0])


def frames(path: Path, position: int = 0, *, limit: int = 1 << 30, salvage: bool = False) -> Iterator[Frame]:
    """Verified frames from `position` on, at most `limit` octets of the file.

    The end is where no whole frame follows: the tail of a segment in use, or of one that a crash cut short. With
    `salvage` (a segment that is no longer written) whole frames behind a damaged place are found too.
    """
    with path.open("rb") as file:
        if position == 0:
            if file.read(len(HEADER)) != HEADER:
                return
            position = len(HEADER)
        file.seek(position)
        octets = file.read(_FRAME.size)
        if not salvage and octets[:4] != _MAGIC_OCTETS:
            return
        octets += file.read(limit)
    at = 0
    while True:
        whole = _frame_at(octets, at)
        if whole is None:
            at = _next_magic(octets, at + 1) if salvage else -1
            if at < 0:
                return
            continue
        at = whole.end
        yield whole._replace(end=position + whole.end)


def sync_directory(directory: Path) -> None:
    """Make names in the directory durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write(fd: int, octets: bytes, position: int) -> None:
    """Write all of it; a disk may take less at a time."""
    view = memoryview(octets)
    while view:
        written = os.pwrite(fd, view, position)
        view, position = view[written:], position + written


def _checksum(payload: bytes, count: int) -> int:
    """CRC-32 of the payload, begun from the number of records, so that a damaged number is noticed too.

    The same as the CRC of number and payload one after the other would show; spools on disks have this one.
    """
    return zlib.crc32(payload, count)


def _frame_at(octets: bytes, at: int) -> Frame | None:
    if at + _FRAME.size > len(octets):
        return None
    magic, length, checksum, count = _FRAME.unpack_from(octets, at)
    start = at + _FRAME.size
    if magic != _MAGIC or start + length > len(octets):
        return None
    payload = octets[start : start + length]
    if _checksum(payload, count) != checksum:
        return None
    return Frame(payload, count, start + length + -(_FRAME.size + length) % _ALIGN)


def _next_magic(octets: bytes, at: int) -> int:
    return octets.find(_MAGIC_OCTETS, at)
