"""The spool: what was acknowledged is on the disk, and what the disk refused was not acknowledged."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from radius_module.spool import files, segment
from tests.support.reports_made import report
from tests.support.spools import DirectSpool, stored, until


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[DirectSpool]:
    spool = DirectSpool(tmp_path / "spool")
    yield spool
    spool.close()


def test_a_report_is_in_the_file_when_put_returns(spool: DirectSpool) -> None:
    sent = report(octets_in=5_000_000_000, username=b"caf\xe9\0x")
    assert spool.put(sent)
    assert stored(spool.directory) == [sent]


def test_put_returns_only_after_the_disk_has_it(spool: DirectSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = threading.Event()
    real = os.fdatasync

    def slow(fd: int) -> None:
        time.sleep(0.2)
        real(fd)
        synced.set()

    monkeypatch.setattr(os, "fdatasync", slow)
    assert spool.put(report())
    assert synced.is_set()


def test_threads_lose_nothing(spool: DirectSpool) -> None:
    def work(worker: int) -> None:
        for number in range(50):
            assert spool.put(report(session_id=f"{worker}-{number}".encode()))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [record.session_id for record in stored(spool.directory)]  # type: ignore[union-attr]
    assert len(ids) == len(set(ids)) == 800


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_a_failed_fsync_acknowledges_nothing_and_a_new_segment_is_taken(
    spool: DirectSpool, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    assert spool.put(report(octets_in=1))
    before = segment.listed(spool.directory)[-1]
    failing = True
    real = os.fdatasync

    def fail(fd: int) -> None:
        if failing:
            raise OSError(error, os.strerror(error))
        real(fd)

    monkeypatch.setattr(os, "fdatasync", fail)
    assert not spool.put(report(octets_in=2))
    assert not spool.state().working
    started = time.monotonic()
    assert not spool.put(report(octets_in=2))
    assert time.monotonic() - started < 0.2, "a record waits for a disk that is known to be broken"
    failing = False
    until(lambda: spool.put(report(octets_in=4)))
    assert segment.listed(spool.directory)[-1] > before
    kept = stored(spool.directory)
    assert report(octets_in=1) in kept
    assert report(octets_in=4) in kept


def test_a_full_disk_at_a_new_segment_is_survived(spool: DirectSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    full = True
    real = os.posix_fallocate

    def no_room(fd: int, offset: int, length: int) -> None:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd, offset, length)

    monkeypatch.setattr(os, "posix_fallocate", no_room)
    monkeypatch.setattr(segment.SegmentWriter, "fits", lambda self, octets: False)
    assert not spool.put(report(octets_in=1))
    assert "No space" in spool.state().last_error
    assert [path.name for path in spool.directory.iterdir() if path.suffix == segment.SUFFIX] == [
        path.name for path in segment.listed(spool.directory)[:1]
    ], "a segment that could not be made whole was left behind"
    full = False
    until(lambda: spool.put(report(octets_in=2)))


def test_where_a_whole_segment_does_not_fit_a_small_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.posix_fallocate

    def little_room(fd: int, offset: int, length: int) -> None:
        if length > segment.SMALL_SEGMENT_BYTES:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd, offset, length)

    monkeypatch.setattr(os, "posix_fallocate", little_room)
    spool = DirectSpool(tmp_path / "spool")
    assert spool.put(report())
    assert segment.listed(spool.directory)[0].stat().st_size == segment.SMALL_SEGMENT_BYTES
    spool.close()


def test_segments_follow_each_other(spool: DirectSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "SEGMENT_BYTES", 4096)
    monkeypatch.setattr(segment.SegmentWriter, "fits", lambda self, octets: self.position + len(octets) <= 4096)
    for number in range(100):
        assert spool.put(report(octets_in=number))
    assert len(segment.listed(spool.directory)) > 3
    assert [record.octets_in for record in stored(spool.directory)] == list(range(100))  # type: ignore[union-attr]


def test_the_health_check_writes_and_reads(spool: DirectSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spool.check()
    assert stored(spool.directory) == []
    monkeypatch.setattr(segment, "frames", lambda *_, **__: iter(()))
    assert not spool.check()


def test_one_process_at_a_time_has_the_spool(spool: DirectSpool) -> None:
    second = DirectSpool(spool.directory)
    assert not second.put(report())
    assert "another process" in second.state().last_error
    second.close()


def test_the_node_keeps_its_name(spool: DirectSpool) -> None:
    assert len(spool.node) == 16
    assert files.node_of(spool.directory.parent) == spool.node


def test_a_read_only_directory_is_an_error_in_the_state_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the directory should be")
    broken = DirectSpool(tmp_path / "spool")
    assert not broken.put(report())
    assert not broken.state().working
    broken.close()
