"""The process that stores accounting and answers it: a child of the accounting process, for the interpreter is one.

Hooks hand their records over (radius_module.acct.pipe) and are done. Whatever has come together while the disk was busy
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

from radius_module.acct import pipe as handover
from radius_module.acct.pipe import Ends
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
#: Where so many had one commit in common, the next waits for company, seconds: half the commits for the same records.
#: A lone record is committed at once.
_MUCH_COMPANY = 3
_GATHERING = 0.0005
_SAY_EVERY = 1.0
_CHECK_EVERY = 5.0
_PR_SET_NAME = 15


class StoreProcess:
    """Reads, stores, answers."""

    def __init__(self, settings: Settings, ends: Ends) -> None:
        #: Kept, for they close when nobody has them.
        self._ends = ends
        self._secrets: dict[str, bytes] = {}
        self._own = FreeradiusSocket(settings.accounting_port)
        self._receipts = PendingResponses(self._own, self._secrets)
        self._store = Store(settings.spool("acct"), RecordFeed(settings.feed_socket))
        self._rest = b""
        #: How many the commit before had.
        self._company = 0
        self._taken: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._say_at = self._check_at = 0.0
        self._check_passed = False

    def run(self) -> None:
        """Until the accounting process closes its end."""
        pipe, poll = self._ends.pipe.fileno(), select.poll()
        poll.register(pipe, select.POLLIN)
        while True:
            if poll.poll(_SAY_EVERY * 1000):
                if self._company >= _MUCH_COMPANY:
                    time.sleep(_GATHERING)
                octets = os.read(pipe, _READ)
                if not octets:
                    return
                self._take(octets)
            if time.monotonic() >= self._say_at:
                self._say()

    def close(self) -> None:
        """Another process may have the spool."""
        self._store.close()
        self._receipts.close()

    def _take(self, octets: bytes) -> None:
        handed = handover.split(self._rest + octets)
        self._rest = handed.rest
        self._company = len(handed.records)
        for kind, value in handed.notes:
            self._note(kind, value)
        if not handed.records:
            return
        try:
            if self._store.is_broken():
                raise OSError  # it was said why
            self._store.store(codec.joined(handed.records), len(handed.records))
        except OSError:
            self._refused.update(map(kind_of_status, handed.statuses))
        else:
            self._receipts.send(handed.pending)
            self._taken.update(map(kind_of_status, handed.statuses))

    def _note(self, kind: str, value: object) -> None:
        match kind, value:
            case handover.SECRET, (str(address), bytes(secret)):
                self._secrets[address] = secret
            case handover.SOCKET, None:
                _, descriptors, _, _ = socket.recv_fds(self._ends.control, 1, 1)
                self._own.be(socket.socket(fileno=descriptors[0]))

    def _say(self) -> None:
        """For status and metrics. Every few seconds the spool is tried: a mark written, synced and read back."""
        now = time.monotonic()
        if now >= self._check_at:
            self._check_passed, self._check_at = self._store.check(), now + _CHECK_EVERY
        state = self._store.state()
        handover.tell_facts(self._ends.control, {
            "said": time.time(), "spool": state._asdict(), "spool_works": self._check_passed and state.working,
            "taken": dict(self._taken), "refused": dict(self._refused),
        })  # fmt: skip
        self._say_at = now + _SAY_EVERY


def start(settings: Settings, link: handover.Pipe) -> int:
    """Have the process; its id. To be called before this one has other threads."""
    pid = os.fork()
    if pid:
        link.close_theirs()
        return pid
    code = 1
    try:
        link.close_ours()
        # FreeRADIUS' handlers would tell the process that this one comes from.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        ctypes.CDLL(None).prctl(_PR_SET_NAME, b"spooler", 0, 0, 0)
        StoreProcess(settings, link.theirs).run()
        code = 0
    except BaseException:
        log.exception("the process that stores accounting ends")
    finally:
        os._exit(code)
