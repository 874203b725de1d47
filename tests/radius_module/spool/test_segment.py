"""Segment files: what a crash, a torn write or a damaged sector leaves is read up to what is whole."""

from pathlib import Path

import pytest

from radius_module.spool import codec, segment
from tests.support.reports_made import report


def written(path: Path, count: int) -> list[int]:
    """A segment of `count` frames with one report each; where each frame ends."""
    writer = segment.SegmentWriter(path, 1 << 16)
    ends = []
    for number in range(count):
        writer.append(segment.frame(codec.dump([codec.plain(report(octets_in=number))]), 1))
        ends.append(writer.position)
    writer.close()
    return ends


def numbers(path: Path, position: int = 0, *, salvage: bool = False) -> list[object]:
    found = []
    for frame in segment.frames(path, position, salvage=salvage):
        found += [codec.record(values).octets_in for values in codec.load(frame.payload)]  # type: ignore[union-attr]
    return found


def test_frames_come_back_with_their_ends(tmp_path: Path) -> None:
    path = tmp_path / f"1{segment.SUFFIX}"
    ends = written(path, 5)
    assert numbers(path) == [0, 1, 2, 3, 4]
    assert [frame.end for frame in segment.frames(path)] == ends
    assert numbers(path, ends[2]) == [3, 4]
    assert list(segment.frames(path, ends[4])) == []


@pytest.mark.parametrize("cut", [1, 8, 15, 40])
def test_a_torn_tail_ends_the_reading(tmp_path: Path, cut: int) -> None:
    path = tmp_path / f"1{segment.SUFFIX}"
    ends = written(path, 3)
    octets = bytearray(path.read_bytes())
    octets[ends[1] + cut :] = bytes(len(octets) - ends[1] - cut)
    path.write_bytes(octets)
    assert numbers(path) == [0, 1]


@pytest.mark.parametrize("place", range(16, 60))
def test_one_wrong_octet_never_becomes_a_record(tmp_path: Path, place: int) -> None:
    path = tmp_path / f"1{segment.SUFFIX}"
    written(path, 3)
    octets = bytearray(path.read_bytes())
    octets[place] ^= 0x01
    path.write_bytes(octets)
    assert numbers(path) == []
    assert numbers(path, salvage=True) == [1, 2]


def test_a_foreign_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / f"1{segment.SUFFIX}"
    path.write_bytes(b"something else" * 100)
    assert list(segment.frames(path)) == []


def test_records_of_an_older_version_get_defaults_and_unknown_ones_are_refused() -> None:
    assert codec.record(codec.plain(report())[:9]) is not None
    with pytest.raises(codec.UnreadableRecord):
        codec.record(("X", 1))
    with pytest.raises(codec.UnreadableRecord):
        codec.record(("S", 1))
    with pytest.raises(codec.UnreadableRecord):
        codec.load(b"\xff")


def test_accounting_as_earlier_versions_wrote_it_is_read() -> None:
    _kind, *fields = codec.plain(report(octets_in=7))
    assert codec.record(("S", *fields[:21], "", "", "")) == report(octets_in=7)
