"""The login process's end of the feed: packets and bookings into the living facts, in a thread a connection."""

from __future__ import annotations

import logging
import marshal
import socket
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Protocol

from models.reports import REBOOTS, SessionEnd, SessionReport
from radius_module import records
from radius_module.directory import Directory
from radius_module.feed import LARGEST, LENGTH
from radius_module.live import Live

log = logging.getLogger(__name__)

_SWEEP_EVERY = 20.0


class Later(Protocol):
    """The spool, as far as it is needed here."""

    def put_later(self, record: SessionEnd) -> None: ...


class FeedListener:
    """Accepts the accounting process and the writer. `reload` asks for the database's facts anew."""

    def __init__(self, path: Path, directory: Directory, live: Live, spool: Later, reload: Event) -> None:
        self._path, self._directory, self._live, self._spool = path, directory, live, spool
        self._reload = reload
        self._links: set[socket.socket] = set()
        self._lock = Lock()
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
        """No more packets."""
        self._stopping.set()
        self.tell_again()

    def tell_again(self) -> None:
        """After a reload: whoever is connected connects anew, and tells what is not booked yet."""
        with self._lock:
            for link in self._links:
                with suppress(OSError):
                    link.shutdown(socket.SHUT_RDWR)

    def _accept(self, door: socket.socket) -> None:
        while not self._stopping.is_set():
            link, _ = door.accept()
            with self._lock:
                self._links.add(link)
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
            with self._lock:
                self._links.discard(link)
            link.close()

    def _take(self, kind: str, payload: Any) -> None:  # noqa: ANN401  # as marshal gives it
        match kind:
            case "R" | "P":
                for values in payload:
                    record = records.record(values)
                    if isinstance(record, SessionReport):
                        self._hear(record)
            case "A":
                self._since = time.time()
            case "W":
                self._reload.set()
            case "B":
                totals, sessions = payload
                self._live.booked(totals, sessions, time.time())
            case _:
                raise ValueError(f"a message of the kind {kind!r}")

    def _hear(self, report: SessionReport) -> None:
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
