"""The disk is full, fails or is slow: what was acknowledged is there, and logins go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import pytest

from radius_module.spool import files, segment
from tests.fault.breaker import STORE_PROCESS, Breaker
from tests.fault.crowd import Crowd
from tests.fault.logins import Logins
from tests.fault.stored import octets_in
from tests.fault.trace import attached, needs_strace
from tests.radius_client import Growth
from tests.support.machine import machine
from tests.support.reports_made import report
from tests.support.spools import DirectSpool
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    done = subprocess.run(mount, check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"no right to mount here: {done.stderr.decode()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_that_fills_refuses_and_takes_again(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "SEGMENT_BYTES", 1 << 16)
    monkeypatch.setattr(segment, "SMALL_SEGMENT_BYTES", 1 << 14)
    spool = DirectSpool(small_disk / "spool")
    stored = 0
    while spool.put(report(octets_in=stored, session_id=b"x" * 200)):
        stored += 1
    assert stored > 1000
    assert "No space" in spool.state().last_error
    assert octets_in(small_disk / "spool") == list(range(stored))
    segment.listed(small_disk / "spool")[0].unlink()
    deadline = time.monotonic() + 5
    while not spool.put(report(octets_in=stored)):
        assert time.monotonic() < deadline, "it does not resume by itself"
        time.sleep(0.05)
    spool.close()
    assert octets_in(small_disk / "spool")[-1] == stored


@pytest.fixture
def once(broken: System, tenant: Tenant, people: list[Person]) -> Crowd:
    """Devices whose sessions send one packet each: what is lost of it, no later one brings back."""
    broken.settle()
    return Crowd(broken, tenant.router, people * 15).greet()


@needs_strace
def test_one_fsync_that_fails_is_not_acknowledged_and_nothing_is_lost(
    once: Crowd, breaker: Breaker, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with attached(breaker.pid(STORE_PROCESS), log, "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=40"):
        once.start(100, once=True)
        time.sleep(3)
    once.stop()
    assert log.read_text().count("INJECTED") == 1
    assert once.sent_again > 0, "what was not stored is not acknowledged"
    assert once.unanswered == 0, "and a moment later it is stored"
    books = once.books()
    assert books.right, books
    assert "nothing is stored" in breaker.system.installation.log("acct")


@needs_strace
def test_a_disk_that_fails_for_long_stores_nothing_and_claims_nothing(
    once: Crowd, breaker: Breaker, tenant: Tenant, logins: Logins, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    storing = breaker.pid(STORE_PROCESS)
    with attached(storing, log, "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=40+"):
        once.start(100, once=True)
        logins.start()
        time.sleep(3)
        logins.stop()
        once.stop()
    assert once.unanswered > 0
    assert logins.wrong == []
    books = once.books()
    assert books.right, books
    _until(lambda: once.send(once.probe, Growth(99, 9, 9)), "it does not go on by itself", 5)


@needs_strace
@pytest.mark.parametrize("milliseconds", [20, 100])
def test_a_slow_disk_does_not_slow_logins(
    crowd: Crowd, breaker: Breaker, logins: Logins, tmp_path: Path, milliseconds: int
) -> None:
    """The disk of both: login results are stored as well."""
    slow = ("-e", "trace=fdatasync", "-e", f"inject=fdatasync:delay_enter={milliseconds * 1000}")
    with ExitStack() as stack:
        for part in (STORE_PROCESS, "auth"):
            stack.enter_context(attached(breaker.pid(part), tmp_path / part, *slow))
        crowd.start(100)
        logins.start()
        time.sleep(3)
        logins.stop()
        crowd.stop()
    assert median(crowd.times) > milliseconds / 1000
    assert "DELAYED" in (tmp_path / "auth").read_text()
    assert logins.wrong == []
    assert logins.p99() <= 0.05 * machine()
    assert median(logins.times) < max(25, milliseconds / 2) / 1000, "no login waits for the disk"
    assert crowd.unanswered == 0
    books = crowd.books()
    assert books.right, books


@contextmanager
def small_spool(breaker: Breaker, crowd: Crowd, people: list[Person]) -> Iterator[None]:
    """Accounting writes to a file system of 600 KiB; its process is started anew on both ways."""
    settings = breaker.system.installation.settings
    spool, account = settings.state_dir / "spool" / "acct", settings.accounts.radius
    _until(lambda: files.backlog(spool).records == 0, "the spool does not empty")
    # Seen as the parts see it, who may live in a mount namespace of their own (service.host.namespace).
    inside = ["nsenter", "--mount", "--target", str(breaker.pid("writer"))]
    options = f"size=600k,mode=0700,uid={account.uid},gid={account.gid}"
    mount = [*inside, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(spool)]
    done = subprocess.run(mount, check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"no right to mount here: {done.stderr.decode()}")
    try:
        breaker.kill("acct")
        crowd.greet()
        yield
    finally:
        subprocess.run([*inside, "umount", "-l", str(spool)], check=True)
        breaker.kill("acct")
        Crowd(breaker.system, crowd.router, people[:1], seed=2).greet()


def _until(true: Callable[[], bool], else_: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, else_
        time.sleep(0.1)


def test_a_full_disk_takes_nothing_acknowledged_along(
    broken: System, tenant: Tenant, people: list[Person], breaker: Breaker, logins: Logins
) -> None:
    """Nobody drains it until it is full; then somebody does, and it goes on by itself."""
    broken.settle()
    crowd = Crowd(broken, tenant.router, people * 50, called="x" * 240)
    with small_spool(breaker, crowd, people):
        thaw = breaker.freeze("writer")
        try:
            crowd.start(400, once=True)
            logins.start()
            _until(lambda: "No space" in broken.installation.log("acct"), "the disk does not fill")
            time.sleep(1)
            logins.stop()
            crowd.stop()
        finally:
            thaw()
        assert logins.wrong == []
        assert crowd.unanswered > 0
        books = crowd.books()
        assert books.right, books
        _until(lambda: crowd.send(crowd.probe, Growth(99, 9, 9)), "it does not go on by itself")
        assert crowd.books().right


def test_a_disk_that_hangs_shows_and_accounting_is_taken_again_when_it_does_not(once: Crowd, breaker: Breaker) -> None:
    """The process that stores stands still, as one does whose disk does not answer."""
    report = breaker.system.installation.settings.state_dir / "run" / "radius" / "acct.json"

    def works() -> bool:
        return json.loads(report.read_text())["spool_works"] is True

    _until(works, "it never works")
    store_process = breaker.pid(STORE_PROCESS)
    os.kill(store_process, signal.SIGSTOP)
    try:
        once.start(100, once=True)
        _until(lambda: not works(), "nobody sees that nothing is stored")
    finally:
        os.kill(store_process, signal.SIGCONT)
    once.stop()
    _until(works, "nobody sees that it works again")
    assert breaker.pid(STORE_PROCESS) == store_process
    assert once.answered > 0
    books = once.books()
    assert books.right, books
