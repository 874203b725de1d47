"""The login process's end of the feed: packets and bookings into the living facts, in a thread a connection."""

from __future__ import annotations

import logging
import marshal
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event, Thread
from typing import Any, Protocol

from models.accounting.records import REBOOTS, AccountingRecord, InferredStop
from radius_module.directory.contents import Directory
from radius_module.ipc.feed import LARGEST, LENGTH
from radius_module.online.table import OnlineTable
from radius_module.settings import Settings
from radius_module.spool import codec, files, segment

log = logging.getLogger(__name__)

_SWEEP_EVERY = 20.0


class Later(Protocol):
    """The spool, as far as it is needed here."""

    def put_later(self, record: InferredStop) -> None: ...


class FeedListener:
    """Accepts the accounting process and the writer. `reload` asks for the database's facts anew."""

    def __init__(
        self, settings: Settings, directory: Directory, live: OnlineTable, spool: Later, reload: Event,
        note: Callable[[object], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """`note` is told what the writer tells, before it is in force."""
        self._path, self._records, self._note = settings.feed_socket, settings.spool("acct"), note
        self._directory, self._live, self._spool, self._reload = directory, live, spool, reload
        #: From when on packets are heard without a break.
        self._since = time.time()
        self._stopping = Event()

    def start(self) -> None:
        """Listen. To be called when the directory is filled: what it does not know would be lost."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        door.bind(str(self._path))
        self._path.chmod(0o600)
        door.listen(16)
        Thread(target=self._accept, args=(door,), name="feed", daemon=True).start()
        Thread(target=self._sweep, name="sweep", daemon=True).start()

    def stop(self) -> None:
        """No more sweeps."""
        self._stopping.set()

    def catch_up(self) -> None:
        """Hear what the accounting process has stored and the writer not booked yet."""
        for path, offset in files.waiting(self._records):
            for frame in segment.frames(path, offset):
                with suppress(codec.UnreadableRecord):  # the writer's business
                    self._hear_all(codec.load(frame.payload))

    def _accept(self, door: socket.socket) -> None:
        while not self._stopping.is_set():
            link, _ = door.accept()
            Thread(target=self._serve, args=(link,), name="feed", daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        try:
            stream = link.makefile("rb", buffering=1 << 16)
            while head := stream.read(LENGTH.size):
                (length,) = LENGTH.unpack(head)
                if length > LARGEST:
                    raise ValueError(f"a message of {length} octets")
                kind, payload = marshal.loads(stream.read(length))  # noqa: S302  # our own processes, same user
                self._take(kind, payload)
                if kind == "R":
                    link.sendall(b".")
        except OSError:
            pass
        except Exception:
            log.exception("feed: a message is not understood, the connection ends")
        finally:
            link.close()

    def _take(self, kind: str, payload: Any) -> None:  # noqa: ANN401  # as marshal gives it
        match kind:
            case "R":
                self._hear_all(codec.load(payload))
            case "A":
                self._since = time.time()
                self.catch_up()
            case "W":
                self._reload.set()
            case "B":
                self._note(payload)
                totals, sessions = payload
                for end in self._live.booked(totals, sessions, time.time()):
                    self._spool.put_later(end)
            case _:
                raise ValueError(f"a message of the kind {kind!r}")

    def _hear_all(self, plain: Iterable[codec.Plain]) -> None:
        for values in plain:
            record = codec.record(values)
            if isinstance(record, AccountingRecord):
                self._hear(record)

    def _hear(self, report: AccountingRecord) -> None:
        if report.status in REBOOTS:
            self._live.reboot(report)
            return
        customer = self._directory.customer(report.isp_id, report.username)
        if customer is not None:
            start = customer.period_start(report.received)
            for end in self._live.hear(report, customer.id, start):
                self._spool.put_later(end)

    def _sweep(self) -> None:
        while not self._stopping.wait(_SWEEP_EVERY):
            for end in self._live.sweep(time.time(), self._since):
                self._spool.put_later(end)
