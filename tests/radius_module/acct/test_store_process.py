"""The process that stores accounting: an answer leaves when the disk has the record, never before and never without."""

from __future__ import annotations

import errno
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from radius_module.acct import store_process
from radius_module.acct.pipe import Pipe
from radius_module.acct.store_process import StoreProcess
from radius_module.packets.reply_to import ReplyTo
from tests.radius_client import AcctStatus, Request, Visit, accounting_attributes, accounting_request, verify
from tests.support.reports_made import report
from tests.support.spools import Lost, lost, stored, until

#: Of a process with threads, as pytest may be by then and FreeRADIUS is not.
pytestmark = pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")

SECRET = b"the secret of a router"


class Accounting:
    """FreeRADIUS' socket, a device, and the hook's end of the pipe."""

    def __init__(self, directory: Path) -> None:
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.bind(("127.0.0.1", 0))
        self.router = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.router.bind(("127.0.0.1", 0))
        self.router.settimeout(5)
        self.spool = directory / "spool" / "acct"
        port = self.server.getsockname()[1]
        self.settings: Any = SimpleNamespace(
            accounting_port=port, feed_socket=directory / "nobody", spool=lambda name: directory / "spool" / name
        )
        self.link = Pipe(port, lost)
        self.link.send_secret(0, SECRET)

    def send(self, number: int, states: bytes = b"") -> Request:
        """A record of so many octets."""
        attributes = accounting_attributes(Visit("john", "80f00001"), AcctStatus.START)
        request = accounting_request(SECRET, attributes, identifier=number % 256)
        host, port = self.router.getsockname()
        reply_to = ReplyTo(host, port, "127.0.0.1", request.identifier, request.authenticator, states)
        assert self.link.send(report(octets_in=number), reply_to)
        return request

    def octets(self) -> list[int]:
        """Of all stored records."""
        return [record.octets_in for record in stored(self.spool)]  # type: ignore[union-attr]

    def close(self) -> None:
        self.link.close_ours()
        self.link.close_theirs()
        self.server.close()
        self.router.close()


@pytest.fixture
def accounting(tmp_path: Path) -> Iterator[Accounting]:
    accounting = Accounting(tmp_path)
    yield accounting
    accounting.close()


@pytest.fixture
def inside(accounting: Accounting) -> Iterator[Accounting]:
    """Its loop in a thread of this process, where it can be disturbed."""
    store = StoreProcess(accounting.settings, accounting.link.theirs)
    thread = threading.Thread(target=store.run)
    thread.start()
    yield accounting
    accounting.link.close_ours()
    thread.join(10)
    assert not thread.is_alive(), "it does not end with the accounting process"


def test_each_record_is_answered_and_stored_once(inside: Accounting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_process, "_READ", 1000)  # so that many reads end within a message
    requests = {request.identifier: request for request in (inside.send(number) for number in range(200))}
    answered = set()
    while len(answered) < 200:
        octets = inside.router.recv(4096)
        assert verify(octets, requests[octets[1]])
        answered.add(octets[1])
    assert inside.octets() == list(range(200))


def test_proxy_states_go_back(inside: Accounting) -> None:
    request = inside.send(1, b"\x21\x04ab")
    assert verify(inside.router.recv(4096), request).octets[20:] == b"\x21\x04ab"


def test_no_answer_before_the_disk_has_the_record(inside: Accounting, monkeypatch: pytest.MonkeyPatch) -> None:
    real, is_synced = os.fdatasync, threading.Event()

    def slow(fd: int) -> None:
        time.sleep(0.2)
        real(fd)
        is_synced.set()

    monkeypatch.setattr(os, "fdatasync", slow)
    request = inside.send(1)
    assert verify(inside.router.recv(4096), request)
    assert is_synced.is_set()


def test_at_each_fsync_only_what_an_earlier_one_had_is_answered(
    inside: Accounting, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[int] = []
    #: (answered, in the file before) at the beginning of each fsync.
    seen = [(0, 0)]
    real = os.fdatasync

    def slow(fd: int) -> None:
        if threading.current_thread().name == "spare":
            return real(fd)
        inside.router.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                answered.append(inside.router.recv(4096)[1])
        seen.append((len(answered), len(stored(inside.spool))))
        time.sleep(0.05)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", slow)
    for number in range(100):
        inside.send(number)
        time.sleep(0.002)
    until(lambda: len(answered) == 100, 2 * store_process._CHECK_EVERY)  # the health check's mark is the last fsync
    assert [count for count, _ in seen[1:]] == [durable for _, durable in seen[:-1]]
    assert answered == list(range(100))
    assert 2 < len(seen) < 50


def test_what_the_disk_refuses_is_not_answered_and_it_goes_on_by_itself(
    inside: Accounting, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, real = True, os.fdatasync

    def fail(fd: int) -> None:
        if failing:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(fd)

    monkeypatch.setattr(os, "fdatasync", fail)
    inside.router.settimeout(0.5)
    inside.send(1)
    with pytest.raises(TimeoutError):
        inside.router.recv(4096)
    until(lambda: inside.link.facts().get("spool_works") is False, 2 * store_process._CHECK_EVERY)
    assert "Input/output" in inside.link.facts()["spool"]["last_error"]
    failing = False
    time.sleep(0.3)  # until the disk is tried again
    request = inside.send(2)
    assert verify(inside.router.recv(4096), request)
    assert 2 in inside.octets()
    until(lambda: inside.link.facts()["taken"])
    assert inside.link.facts()["taken"] == {"Interim-Update": 1}
    assert inside.link.facts()["refused"] == {"Interim-Update": 1}


def test_what_waited_while_the_disk_hung_is_answered_afterwards(
    inside: Accounting, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, go_on = os.fdatasync, threading.Event()

    def hang(fd: int) -> None:
        assert go_on.wait(10)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", hang)
    requests = [inside.send(number) for number in range(100)]
    inside.router.settimeout(0.3)
    with pytest.raises(TimeoutError):
        inside.router.recv(4096)
    go_on.set()
    assert {inside.router.recv(4096)[1] for _ in requests} == set(range(100))
    assert inside.octets() == list(range(100))


def test_it_reports_that_the_spool_works(inside: Accounting) -> None:
    until(lambda: inside.link.facts().get("spool_works"), 2 * store_process._CHECK_EVERY)
    assert time.monotonic() - inside.link.facts()["at"] < 3


@pytest.fixture
def child(accounting: Accounting) -> Iterator[int]:
    """As in production: a process of its own."""
    pid = store_process.start(accounting.settings, accounting.link)
    until(accounting.link.facts)
    yield pid
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def test_the_process_stores_what_was_handed_over_and_ends_with_the_one_that_did(
    accounting: Accounting, child: int
) -> None:
    assert Path(f"/proc/{child}/comm").read_text() == "store_process\n"
    for number in range(50):
        accounting.send(number)
    accounting.link.close_ours()
    assert os.waitpid(child, 0)[1] == 0
    assert accounting.octets() == list(range(50))
    assert {accounting.router.recv(4096)[1] for _ in range(50)} == set(range(50))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_ends_freeradius_does_not_end_it(accounting: Accounting, child: int, number: signal.Signals) -> None:
    os.kill(child, number)
    request = accounting.send(1)
    assert verify(accounting.router.recv(4096), request)


def test_its_death_is_noticed(accounting: Accounting, child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with pytest.raises(Lost):
        accounting.link.facts()
    with pytest.raises(Lost):
        accounting.send(1)
