"""The disk is full, fails, is slow, or loses its power: what was acknowledged is there, and logins go on."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from models.reports import SessionReport
from radius_module import records, segments, spool_files
from radius_module.spool import Spool
from service.settings import HOME
from tests.fault.conftest import Breaker
from tests.fault.crowd import Crowd
from tests.fault.logins import Logins, machine
from tests.fault.trace import Call, attached, calls
from tests.radius_client import AcctStatus, Growth
from tests.radius_module.reports_made import report
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


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
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 1 << 16)
    monkeypatch.setattr(segments, "SMALL_SEGMENT_BYTES", 1 << 14)
    spool = Spool(small_disk / "spool")
    stored = 0
    while spool.put(report(octets_in=stored, session_id=b"x" * 200)):
        stored += 1
    assert stored > 1000
    assert "No space" in spool.state().last_error
    assert _octets(small_disk / "spool") == list(range(stored))
    segments.listed(small_disk / "spool")[0].unlink()
    deadline = time.monotonic() + 5
    while not spool.put(report(octets_in=stored)):
        assert time.monotonic() < deadline, "it does not resume by itself"
        time.sleep(0.05)
    spool.close()
    assert _octets(small_disk / "spool")[-1] == stored


def _octets(directory: Path) -> list[int]:
    found = []
    for path in segments.listed(directory):
        for frame in segments.frames(path):
            plain = [records.record(values) for values in records.load(frame.payload)]
            found += [one.octets_in for one in plain if isinstance(one, SessionReport)]
    return found


@pytest.fixture
def once(broken: System, tenant: Tenant, people: list[Person]) -> Crowd:
    """Routers whose sessions send one packet each: what is lost of it, no later one brings back."""
    broken.settle()
    return Crowd(broken, tenant.router, people * 15)


@needs_strace
def test_one_fsync_that_fails_is_not_acknowledged_and_nothing_is_lost(
    once: Crowd, breaker: Breaker, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with attached(breaker.pid("acct"), log, "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=40"):
        once.start(100, once=True)
        time.sleep(4)
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
    with attached(breaker.pid("acct"), log, "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=40+"):
        once.start(100, once=True)
        logins.start()
        time.sleep(4)
        logins.stop()
        once.stop()
    assert once.unanswered > 0
    assert logins.wrong == []
    books = once.books()
    assert books.right, books
    assert once.send(once.probe, Growth(9, 1, 1)), "it resumes by itself"


@needs_strace
@pytest.mark.parametrize("milliseconds", [20, 100])
def test_a_slow_disk_does_not_slow_logins(
    crowd: Crowd, breaker: Breaker, logins: Logins, tmp_path: Path, milliseconds: int
) -> None:
    """The disk of both: login results are stored as well."""
    slow = ("-e", "trace=fdatasync", "-e", f"inject=fdatasync:delay_enter={milliseconds * 1000}")
    with ExitStack() as stack:
        for part in ("acct", "auth"):
            stack.enter_context(attached(breaker.pid(part), tmp_path / part, *slow))
        crowd.start(100)
        logins.start()
        time.sleep(4)
        logins.stop()
        crowd.stop()
    assert sorted(crowd.times)[len(crowd.times) // 2] > milliseconds / 1000
    assert "DELAYED" in (tmp_path / "auth").read_text()
    assert logins.wrong == []
    assert logins.p99() <= 0.05 * machine()
    assert crowd.unanswered == 0
    books = crowd.books()
    assert books.right, books


@contextmanager
def small_spool(breaker: Breaker) -> Iterator[None]:
    """Accounting writes to a file system of 600 KiB; its process is started anew on both ways."""
    settings = breaker.system.installation.settings
    spool, account = settings.state_dir / "spool" / "acct", settings.account
    _until(lambda: spool_files.backlog(spool).records == 0, "the spool does not empty")
    # Seen as the parts see it, who may live in a mount namespace of their own (service.namespace).
    inside = ["nsenter", "--mount", "--target", str(breaker.pid("writer"))]
    options = f"size=600k,mode=0700,uid={account.uid},gid={account.gid}"
    mount = [*inside, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(spool)]
    done = subprocess.run(mount, check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"no right to mount here: {done.stderr.decode()}")
    try:
        breaker.kill("acct")
        yield
    finally:
        subprocess.run([*inside, "umount", "-l", str(spool)], check=True)
        breaker.kill("acct")


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
    with small_spool(breaker):
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
        _until(lambda: crowd.send(crowd.probe, Growth(9, 1, 1)), "it does not go on by itself")
        assert crowd.books().right


def ordered(broken: System, crowd: Crowd, breaker: Breaker, log: Path, packets: int) -> None:
    """No answer leaves before the fsync of its record."""
    with attached(breaker.pid("acct"), log, "-e", "trace=pwrite64,fdatasync,sendto,sendmsg"):
        threads = [threading.Thread(target=_send_some, args=(crowd, one, packets // 8)) for one in crowd.sessions[:8]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    answered = crowd.answered
    assert answered >= packets * 0.9
    written = durable = answers = 0
    begun = 0
    for call in calls(log):
        if call.name == "pwrite64" and call.ended:
            written += call.octets().count(b"service1")
        elif call.name == "fdatasync" and not call.ended:
            begun = written
        elif call.name == "fdatasync" and call.result == 0:
            durable = begun
        elif call.name in ("sendto", "sendmsg") and not call.ended and _is_answer(call):
            answers += 1
            assert answers <= durable, f"answer {answers} left when {durable} records were on the disk"
    assert answers >= answered


def _is_answer(call: Call) -> bool:
    """An Accounting-Response (code 5) is 20 octets or more; the other strings are addresses."""
    return any(octets[:1] == b"\x05" and len(octets) >= 20 for octets in call.strings())


def _send_some(crowd: Crowd, session: object, count: int) -> None:
    for number in range(1, count + 1):
        crowd.send(session, Growth(number, number, number), AcctStatus.INTERIM_UPDATE)  # type: ignore[arg-type]


@needs_strace
def test_no_answer_before_the_fsync(broken: System, crowd: Crowd, breaker: Breaker, tmp_path: Path) -> None:
    ordered(broken, crowd, breaker, tmp_path / "log", 800)


@pytest.mark.long
@needs_strace
def test_no_answer_before_the_fsync_over_ten_thousand(
    broken: System, crowd: Crowd, breaker: Breaker, tmp_path: Path
) -> None:
    ordered(broken, crowd, breaker, tmp_path / "log", 10_000)


class Disk:
    """Files as they are on the platter: what was synced, and what was only written."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.names: dict[str, Path] = {}
        self.synced: dict[Path, bytearray] = defaultdict(bytearray)
        self.loose: dict[Path, list[tuple[int, bytes]]] = defaultdict(list)
        self.acked: set[int] = set()

    def apply(self, call: Call) -> None:
        """One more call of the traced process."""
        if call.name == "openat" and call.ended and (call.result or -1) >= 0:
            (name, *_) = call.strings()
            self.names[str(call.result)] = Path(name.decode())
        elif call.name == "pwrite64" and call.ended:
            fd, *_, offset = [part.strip() for part in call.arguments.split(",")]
            self.loose[self.names[fd]].append((int(offset), call.octets()))
        elif call.name in ("fdatasync", "fsync") and call.result == 0:
            path = self.names.get(call.arguments.strip())
            for offset, octets in self.loose.pop(path, []) if path is not None else []:
                _put(self.synced[path], offset, octets)  # type: ignore[index]
        elif call.name == "write" and not call.ended and call.arguments.startswith("1,"):
            self.acked.add(int(call.octets().split()[1]))

    def after_power_loss(self, dice: random.Random) -> set[int]:
        """The records that a reader finds. Of what was not synced any part may be there, also half of a write."""
        shutil.rmtree(self.target, ignore_errors=True)
        self.target.mkdir()
        for path in {*self.synced, *self.loose}:
            if path.suffix != segments.SUFFIX or path not in self.synced:
                continue
            octets = bytearray(self.synced[path])
            for offset, piece in self.loose.get(path, []):
                if dice.random() < 0.5:
                    _put(octets, offset, piece[: dice.randrange(len(piece) + 1)])
            (self.target / path.name).write_bytes(octets)
        return set(_octets(self.target))


def _put(file: bytearray, offset: int, octets: bytes) -> None:
    file.extend(bytes(max(0, offset + len(octets) - len(file))))
    file[offset : offset + len(octets)] = octets


@needs_strace
def test_lost_power_takes_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    log, count = tmp_path / "log", 600
    traced = "trace=openat,pwrite64,fdatasync,fsync,write"
    subprocess.run(
        ["strace", "-f", "-xx", "-s", "70000", "-e", traced, "-o", str(log),
         sys.executable, "-m", "tests.fault.putter", str(tmp_path / "spool" / "acct"), str(count)],
        cwd=HOME, check=True, stdout=subprocess.DEVNULL, timeout=120,
    )  # fmt: skip
    done, dice = list(calls(log)), random.Random(4)  # noqa: S311  # repeatable
    first = next(number for number, call in enumerate(done) if call.name == "write" and call.arguments.startswith("1,"))
    cuts = sorted(dice.sample(range(first, len(done)), 20))
    disk, checked = Disk(tmp_path / "platter"), 0
    for number, call in enumerate(done):
        disk.apply(call)
        if cuts and number == cuts[0]:
            cuts.pop(0)
            found = disk.after_power_loss(dice)
            assert disk.acked <= found, f"after call {number}: {sorted(disk.acked - found)} acknowledged and gone"
            checked += 1
    assert checked == 20
    assert len(disk.acked) == count
