"""The order of write, fsync and answer, as the kernel sees it; and what a cut of the power leaves of it."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path

import pytest

from radius_module.spool import segment
from service.host.settings import HOME
from tests.fault.breaker import STORE_PROCESS, Breaker
from tests.fault.crowd import Crowd
from tests.fault.stored import octets_in
from tests.fault.trace import Call, attached, calls, needs_strace
from tests.radius_client import AcctStatus, Growth
from tests.support.spools import until

_SENDING = ("sendto", "sendmsg", "sendmmsg")


def ordered(crowd: Crowd, breaker: Breaker, log: Path, packets: int) -> None:
    """No answer leaves before the fsync of its record."""
    with attached(breaker.pid(STORE_PROCESS), log, "-v", "-e", "trace=pwrite64,fdatasync,sendto,sendmsg,sendmmsg"):
        threads = [
            threading.Thread(target=_send_some, args=(crowd, session, packets // 8)) for session in crowd.sessions[:8]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answered = crowd.answered
        # A router has its answer before strace has written down that it was sent.
        until(lambda: _answers_in(log) >= answered, 10)
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
        elif not call.ended:
            answers += _answers(call)
            assert answers <= durable, f"answer {answers} left when {durable} records were on the disk"
    assert answers >= answered


def _answers_in(log: Path) -> int:
    return sum(_answers(call) for call in calls(log) if not call.ended)


def _answers(call: Call) -> int:
    """An Accounting-Response (code 5) is 20 octets or more; the other strings are addresses."""
    return call.name in _SENDING and sum(octets[:1] == b"\x05" and len(octets) >= 20 for octets in call.strings())


def _send_some(crowd: Crowd, session: object, count: int) -> None:
    for number in range(1, count + 1):
        crowd.send(session, Growth(number, number, number), AcctStatus.INTERIM_UPDATE)  # type: ignore[arg-type]


@needs_strace
def test_no_answer_before_the_fsync(crowd: Crowd, breaker: Breaker, tmp_path: Path) -> None:
    ordered(crowd, breaker, tmp_path / "log", 800)


@pytest.mark.long
@needs_strace
def test_no_answer_before_the_fsync_over_ten_thousand(crowd: Crowd, breaker: Breaker, tmp_path: Path) -> None:
    ordered(crowd, breaker, tmp_path / "log", 10_000)


class Disk:
    """Files as they are on the platter: what was synced, and what was only written."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.names: dict[str, Path] = {}
        #: New names that are lost with the power, until their directory is synced.
        self.renamed: list[tuple[Path, Path]] = []
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
        elif call.name == "rename" and call.ended and call.result == 0:
            old, new = (Path(name.decode()) for name in call.strings())
            self.renamed.append((old, new))
        elif call.name in ("fdatasync", "fsync") and call.ended:
            path = self.names.get(call.arguments.strip())
            self._settle_names(path)
            for offset, octets in self.loose.pop(path, []) if path is not None else []:
                if call.result == 0:
                    _put(self.synced[path], offset, octets)  # type: ignore[index]
        elif call.name == "write" and not call.ended and call.arguments.startswith("1,"):
            self.acked.add(int(call.octets().split()[1]))

    def _settle_names(self, directory: Path | None) -> None:
        for old, new in [names for names in self.renamed if names[1].parent == directory]:
            self.renamed.remove((old, new))
            self.names = {fd: new if path == old else path for fd, path in self.names.items()}
            for files in (self.synced, self.loose):
                if old in files:
                    files[new] = files.pop(old)  # type: ignore[assignment, arg-type, index]

    def after_power_loss(self, dice: random.Random) -> set[int]:
        """The records that a reader finds. Of what was not synced any part may be there, also half of a write."""
        shutil.rmtree(self.target, ignore_errors=True)
        self.target.mkdir()
        for path in {*self.synced, *self.loose}:
            if path.suffix != segment.SUFFIX or path not in self.synced:
                continue
            octets = bytearray(self.synced[path])
            for offset, piece in self.loose.get(path, []):
                if dice.random() < 0.5:
                    _put(octets, offset, piece[: dice.randrange(len(piece) + 1)])
            (self.target / path.name).write_bytes(octets)
        return set(octets_in(self.target))


def _put(file: bytearray, offset: int, octets: bytes) -> None:
    file.extend(bytes(max(0, offset + len(octets) - len(file))))
    file[offset : offset + len(octets)] = octets


@needs_strace
def test_lost_power_takes_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    cut_power(tmp_path, 600)


@pytest.mark.long
@needs_strace
@pytest.mark.parametrize("place", [5, 60, 150])
def test_lost_power_after_an_fsync_that_failed(tmp_path: Path, place: int) -> None:
    """What such an fsync should have written is gone for good, whatever later ones say."""
    cut_power(tmp_path, 600, "-e", f"inject=fdatasync:error=EIO:when={place}")


def cut_power(tmp_path: Path, count: int, *disturbed: str) -> None:
    """Trace a process that stores so many records, and look at 20 moments what a cut would leave of them."""
    log, traced = tmp_path / "log", "trace=openat,pwrite64,fdatasync,fsync,write,rename"
    subprocess.run(
        ["strace", "-f", "-xx", "-s", "70000", "-e", traced, *disturbed, "-o", str(log),
         sys.executable, "-m", "tests.fault.putter", str(tmp_path / "spool" / "acct"), str(count)],
        cwd=HOME, check=True, stdout=subprocess.DEVNULL, timeout=120,
    )  # fmt: skip
    done, dice = list(calls(log)), random.Random(4)  # noqa: S311  # repeatable
    assert bool(disturbed) is ("INJECTED" in log.read_text())
    first = next(number for number, call in enumerate(done) if call.name == "write" and call.arguments.startswith("1,"))
    cuts = sorted(dice.sample(range(first, len(done)), 20))
    disk, checked = Disk(tmp_path / "platter"), 0
    for number, call in enumerate(done):
        disk.apply(call)
        if cuts and number == cuts[0]:
            cuts.pop(0)
            readable = disk.after_power_loss(dice)
            assert disk.acked <= readable, f"after call {number}: {sorted(disk.acked - readable)} acknowledged and gone"
            checked += 1
    assert checked == 20
    assert len(disk.acked) == count
