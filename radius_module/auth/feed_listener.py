"""The login process's end of the feed: records and bookings into the table of who is online, a thread a connection."""

from __future__ import annotations

import logging
import marshal
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event, Thread
from typing import Any, Protocol

from models.accounting.records import AccountingRecord, InferredStop
from radius_module.directory.contents import Directory
from radius_module.directory.owner import apply_record
from radius_module.ipc import unix_socket
from radius_module.ipc.feed import LARGEST, LENGTH
from radius_module.online.table import OnlineTable
from radius_module.settings import Settings
from radius_module.spool import codec, files, segment
from radius_module.steady_clock import leap, steady_now

log = logging.getLogger(__name__)

_SWEEP_EVERY = 20.0
#: What the wall clock may move on its own between two sweeps without being spoken of, seconds.
_LEAP = 30.0


class Later(Protocol):
    """The spool, as far as it is needed here."""

    def put_later(self, record: InferredStop) -> None: ...


class FeedListener:
    """Accepts the accounting process and the writer. `reload` asks for the database's facts anew."""

    def __init__(
        self, settings: Settings, directory: Directory, online: OnlineTable, spool: Later, reload: Event,
        note: Callable[[object], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """`note` gets what the writer has booked, before it is in force."""
        self._path, self._records, self._note = settings.feed_socket, settings.spool("acct"), note
        self._directory, self._online, self._spool, self._reload = directory, online, spool, reload
        #: Since when records are heard without a break, by the steady clock.
        self._since = steady_now()
        self._leap = leap()
        self._stopping = Event()

    def start(self) -> None:
        """Listen. To be called when the directory is filled: records of customers it does not know would be lost."""
        listener = unix_socket.listening(self._path, socket.SOCK_STREAM, backlog=16)
        Thread(target=self._accept, args=(listener,), name="feed", daemon=True).start()
        Thread(target=self._sweep, name="sweep", daemon=True).start()

    def stop(self) -> None:
        """No more sweeps."""
        self._stopping.set()

    def catch_up(self) -> None:
        """Hear what the accounting process has stored and the writer has not booked yet."""
        for path, offset in files.waiting(self._records):
            for frame in segment.frames(path, offset):
                with suppress(codec.UnreadableRecord):  # the writer's business
                    self._hear_all(codec.load(frame.payload))

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            link = unix_socket.accept_ours(listener)
            Thread(target=self._serve, args=(link,), name="feed", daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        try:
            stream = link.makefile("rb", buffering=1 << 16)
            while head := stream.read(LENGTH.size):
                (length,) = LENGTH.unpack(head)
                if length > LARGEST:
                    raise ValueError(f"a message of {length} octets")
                kind, payload = marshal.loads(stream.read(length))  # noqa: S302  # our own processes, same user
                self._handle(kind, payload)
                if kind == "R":
                    link.sendall(b".")
        except OSError:
            pass
        except Exception:
            log.exception("feed: a message cannot be read, the connection ends")
        finally:
            link.close()

    def _handle(self, kind: str, payload: Any) -> None:  # noqa: ANN401  # as marshal gives it
        match kind:
            case "R":
                self._hear_all(codec.load(payload))
            case "A":
                self._since = steady_now()
                self.catch_up()
            case "W":
                self._reload.set()
            case "B":
                self._note(payload)
                totals, sessions = payload
                for end in self._online.apply_booking(totals, sessions, time.time()):
                    self._spool.put_later(end)
            case _:
                raise ValueError(f"a message of the kind {kind!r}")

    def _hear_all(self, plain: Iterable[codec.Plain]) -> None:
        for values in plain:
            record = codec.record(values)
            if isinstance(record, AccountingRecord):
                for end in apply_record(self._directory, self._online, record):
                    self._spool.put_later(end)

    def _sweep(self) -> None:
        while not self._stopping.wait(_SWEEP_EVERY):
            self._notice_leaps()
            for end in self._online.sweep(time.time(), self._since):
                self._spool.put_later(end)

    def _notice_leaps(self) -> None:
        """Whoever reads the log may wonder about its times."""
        now = leap()
        if abs(now - self._leap) > _LEAP:
            log.warning("the clock has moved by %+d s on its own: that ends no session", now - self._leap)
        self._leap = now
