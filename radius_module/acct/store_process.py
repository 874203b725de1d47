"""The process that stores accounting and answers it: a child of the accounting process, with an interpreter of its own.

Hooks hand their records over (radius_module.acct.pipe) and return. Whatever has come together while the disk was busy
becomes one frame and one `fdatasync`; only after that its Accounting-Responses leave, from FreeRADIUS' own socket
(docs/decisions/0036-a-process-that-stores.md). It ends when the accounting process does, and that one when this does.
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import signal
import socket
import time
from collections import Counter

from radius_module.acct import pipe
from radius_module.acct.pipe import Ends, Pipe
from radius_module.ipc.feed import RecordFeed
from radius_module.replies.accounting_response import PendingResponses
from radius_module.replies.freeradius_socket import FreeradiusSocket
from radius_module.settings import Settings
from radius_module.spool import codec
from radius_module.spool.record_kind import kind_of_status
from radius_module.spool.store import Store

log = logging.getLogger(__name__)

#: Octets of one frame at most: it must fit into the smallest segment.
_READ = 128 << 10
#: After a commit of so many records the next one waits for more, seconds: half the commits for the same records.
#: A lone record is committed at once.
_WORTH_GATHERING = 3
_GATHERING = 0.0005
_REPORT_EVERY = 1.0
_CHECK_EVERY = 5.0
_PR_SET_NAME = 15


class StoreProcess:
    """Reads, stores, answers."""

    def __init__(self, settings: Settings, ends: Ends) -> None:
        #: Kept, because they close with the last reference.
        self._ends = ends
        self._secrets: dict[int, bytes] = {}
        self._socket = FreeradiusSocket(settings.accounting_port)
        self._responses = PendingResponses(self._socket, self._secrets)
        self._store = Store(settings.spool("acct"), RecordFeed(settings.feed_socket))
        self._rest = b""
        #: Records of the commit before.
        self._last_commit = 0
        self._taken: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._report_at = self._check_at = 0.0
        self._check_passed = False

    def run(self) -> None:
        """Until the accounting process closes its end; then another process may have the spool."""
        descriptor, poll = self._ends.pipe.fileno(), select.poll()
        poll.register(descriptor, select.POLLIN)
        try:
            while True:
                if poll.poll(_REPORT_EVERY * 1000):
                    if self._last_commit >= _WORTH_GATHERING:
                        time.sleep(_GATHERING)
                    octets = os.read(descriptor, _READ)
                    if not octets:
                        return
                    self._store_and_answer(octets)
                if time.monotonic() >= self._report_at:
                    self._report()
        finally:
            self._store.close()
            self._responses.close()

    def _store_and_answer(self, octets: bytes) -> None:
        piped = pipe.split(self._rest + octets)
        self._rest = piped.rest
        self._last_commit = len(piped.records)
        for kind, value in piped.notes:
            self._note(kind, value)
        if not piped.records:
            return
        try:
            if self._store.is_broken():
                raise OSError  # the reason is logged
            self._store.store(codec.joined(piped.records), len(piped.records))
        except OSError:
            self._refused.update(map(kind_of_status, piped.statuses))
        else:
            self._responses.send(piped.replies)
            self._taken.update(map(kind_of_status, piped.statuses))

    def _note(self, kind: str, value: object) -> None:
        match kind, value:
            case pipe.SECRET, (int(device_id), bytes(secret)):
                self._secrets[device_id] = secret
            case pipe.SOCKET, None:
                _, descriptors, _, _ = socket.recv_fds(self._ends.control, 1, 1)
                self._socket.use(socket.socket(fileno=descriptors[0]))

    def _report(self) -> None:
        """For status and metrics. Every few seconds the spool is tested: a mark written, synced and read back."""
        now = time.monotonic()
        if now >= self._check_at:
            self._check_passed, self._check_at = self._store.check(), now + _CHECK_EVERY
        state = self._store.state()
        pipe.send_facts(self._ends.control, {
            "at": now, "spool": state._asdict(), "spool_works": self._check_passed and state.working,
            "taken": dict(self._taken), "refused": dict(self._refused),
        })  # fmt: skip
        self._report_at = now + _REPORT_EVERY


def start(settings: Settings, link: Pipe) -> int:
    """Fork the process; its id. To be called before this one has other threads."""
    pid = os.fork()
    if pid:
        link.close_theirs()
        return pid
    code = 1
    try:
        link.close_ours()
        # FreeRADIUS' handlers would act on the parent process.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        ctypes.CDLL(None).prctl(_PR_SET_NAME, b"store_process", 0, 0, 0)
        StoreProcess(settings, link.theirs).run()
        code = 0
    except BaseException:
        log.exception("the process that stores accounting ends")
    finally:
        os._exit(code)
