"""The next segment is made ahead: nobody waits for it, nobody reads it, and where there is none nothing is lost."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from radius_module.spool import segment
from radius_module.spool.segment import SegmentWriter
from radius_module.spool.spare_segment import SpareSegment
from tests.support.reports_made import report
from tests.support.spools import DirectSpool, stored, until

FRAME = segment.frame(b"payload", 1)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "SEGMENT_BYTES", 1 << 14)


def spares(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.spare"))


def spare_in(directory: Path) -> SpareSegment:
    spare = SpareSegment(directory)
    spare.prepare()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "spare"])
    return spare


def test_it_is_whole_and_becomes_a_segment_under_its_new_name(tmp_path: Path) -> None:
    spare = spare_in(tmp_path)
    assert segment.listed(tmp_path) == [] and len(spares(tmp_path)) == 1
    path = segment.path_of(tmp_path, 7)
    taken = spare.take(path)
    assert taken is not None and (taken.path, spares(tmp_path)) == (path, [])
    taken.append(FRAME)
    assert [frame.payload for frame in segment.frames(path)] == [b"payload"]
    assert path.stat().st_size == 1 << 14
    assert spare.take(segment.path_of(tmp_path, 8)) is None
    taken.close()


def test_the_name_is_on_the_disk_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spare, synced = spare_in(tmp_path), []
    monkeypatch.setattr(segment, "sync_directory", lambda directory: synced.append(segment.listed(directory)))
    path = segment.path_of(tmp_path, 7)
    taken = spare.take(path)
    assert taken is not None and synced == [[path]]
    taken.close()


def test_there_is_one_at_most(tmp_path: Path) -> None:
    spare = spare_in(tmp_path)
    for _ in range(3):
        spare.prepare()
    assert len(spares(tmp_path)) == 1


def test_a_disk_without_room_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int, _at: int, _length: int) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(os, "posix_fallocate", full)
    spare = spare_in(tmp_path)
    assert spare.take(segment.path_of(tmp_path, 7)) is None
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_be_renamed_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spare = spare_in(tmp_path)

    def broken(_self: Path, _target: Path) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(Path, "rename", broken)
    assert spare.take(segment.path_of(tmp_path, 7)) is None
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "0123456789abcdef.spare").write_bytes(b"x")
    spool = DirectSpool(tmp_path)
    assert spool.put(report())
    until(lambda: len(spares(tmp_path)) == 1)
    assert spares(tmp_path) != [tmp_path / "0123456789abcdef.spare"]
    spool.close()
    assert len(stored(tmp_path)) == 1


def test_a_full_segment_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = DirectSpool(tmp_path)
    until(lambda: spool._store._spare._ready is not None)

    def too_late(_path: Path) -> SegmentWriter:
        raise AssertionError("a segment was made while everybody waited")

    monkeypatch.setattr(segment, "create", too_late)
    before = segment.listed(tmp_path)
    while segment.listed(tmp_path) == before:
        assert spool.put(report())
    assert spool.put(report())
    spool.close()


def test_after_a_failed_fsync_the_spare_is_not_trusted_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = DirectSpool(tmp_path)
    until(lambda: spool._store._spare._ready is not None)
    [spare] = spares(tmp_path)

    def broken(_fd: int) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", broken)
        assert not spool.put(report())
    assert spare not in spares(tmp_path)
    until(lambda: spool.put(report()))
    spool.close()
