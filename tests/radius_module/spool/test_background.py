"""The spool in the background: nobody waits for it, and nothing that it has is lost."""

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from radius_module.spool import background
from radius_module.spool.background import BackgroundSpool
from tests.support.reports_made import report, result
from tests.support.spools import DirectSpool, stored, until


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[BackgroundSpool]:
    spool = BackgroundSpool(tmp_path / "spool")
    yield spool
    spool.close()


def test_login_results_follow_without_being_waited_for(spool: BackgroundSpool) -> None:
    for number in range(100):
        spool.put_later(result(number))
    until(lambda: stored(spool.directory) == [result(number) for number in range(100)])


def test_threads_share_commits_and_lose_nothing(spool: BackgroundSpool) -> None:
    def work(worker: int) -> None:
        for number in range(50):
            spool.put_later(result(worker * 50 + number))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(stored(spool.directory)) == 800)
    assert set(stored(spool.directory)) == {result(number) for number in range(800)}
    assert spool.state().commits < 800


def test_results_stay_through_a_restart_in_order(spool: BackgroundSpool) -> None:
    spool.put_later(result(1))
    spool.close()
    again = DirectSpool(spool.directory)
    assert again.put(report())
    again.close()
    assert stored(spool.directory) == [result(1), report()]


def test_what_a_failing_disk_refuses_waits_for_a_disk_that_works(
    spool: BackgroundSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = True
    real = os.fdatasync

    def fail(fd: int) -> None:
        if failing:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(fd)

    monkeypatch.setattr(os, "fdatasync", fail)
    spool.put_later(result(3))
    until(lambda: not spool.state().working)
    spool.put_later(result(4))
    failing = False
    until(lambda: stored(spool.directory)[-2:] == [result(3), result(4)])


def test_what_is_too_much_for_memory_is_dropped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "LATER_KEPT", 3)
    (tmp_path / "spool").write_text("a file where the directory should be")
    spool = BackgroundSpool(tmp_path / "spool")
    for number in range(5):
        spool.put_later(result(number))
    assert spool.state().results_dropped == 2
    spool.close()
