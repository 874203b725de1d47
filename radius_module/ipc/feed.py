"""From the accounting process and the writer to the login process, over a Unix stream socket (docs/decisions/0002).

A message is a length (32 bits) and a marshal dump of `(kind, payload)`:
`A` the accounting process has connected: its spool is to be read, for what is not booked yet; `R` records just being
committed, as they are stored (codec.dump), answered with one octet when they are in memory; `W` a writer has
connected, `B` what it has booked, `(customers, sessions)`.
A sender that cannot send goes on without: the login process catches up when it is back.
"""

from __future__ import annotations

import marshal
import socket
import struct
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread

from models.accounting.booking import Booking

LENGTH = struct.Struct("<I")
_TIMEVAL = struct.Struct("@ll")
#: Largest message, octets.
LARGEST = 64 << 20
#: How long a commit waits for the login process, seconds. Above it, logins decide without these records for a moment.
_PATIENCE = 0.05
_WRITER_PATIENCE = 5.0
_RETRY_AFTER = 0.2
#: Entries of one message: memory is locked while it takes them in, 1 µs an entry.
_PIECE = 250


def message(kind: str, payload: object) -> bytes:
    """Octets of one message; the payload is plain values."""
    octets = marshal.dumps((kind, payload), 4)  # type: ignore[arg-type]
    return LENGTH.pack(len(octets)) + octets


class RecordFeed:
    """The accounting process's end. `offer` before the fsync, `settle` after it, so that both wait at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._generation = 0
        self._owed = 0
        self._lock = Lock()
        Thread(target=self._keep, name="feed", daemon=True).start()

    def offer(self, dumped: bytes) -> int:
        """Send records that are about to be stored; the number of the connection, for `settle`."""
        generation = self._generation
        self._send(message("R", dumped), 1)
        return generation

    def settle(self, dumped: bytes, generation: int) -> None:
        """Wait briefly until the login process knows them."""
        if generation != self._generation:
            # Connected in between: the spool may have been read before it had these.
            self._send(message("R", dumped), 1)
        link, deadline = self._socket, time.monotonic() + _PATIENCE
        try:
            while link is not None and self._owed > 0 and time.monotonic() < deadline:
                answers = link.recv(4096)
                if not answers:
                    raise ConnectionResetError
                self._owed -= len(answers)
        except BlockingIOError:
            return
        except OSError:
            self._drop(link)

    def _send(self, octets: bytes, answers: int) -> None:
        with self._lock:
            link = self._socket
            if link is None:
                return
            try:
                link.sendall(octets)
                self._owed += answers
            except OSError:
                # Also when it took only a part in time: what follows would not be understood.
                self._drop(link)

    def _drop(self, link: socket.socket | None) -> None:
        if link is not None and link is self._socket:
            self._socket = None
            link.close()

    def _keep(self) -> None:
        """Connect again and again."""
        while True:
            if self._socket is None:
                with suppress(OSError):  # the login process is away; it reads the spool when it is back
                    self._connect()
            time.sleep(_RETRY_AFTER)

    def _connect(self) -> None:
        link = connected(self._path)
        link.settimeout(None)
        for which in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            # The kernel's limit; Python's is a second system call before each one.
            link.setsockopt(socket.SOL_SOCKET, which, _TIMEVAL.pack(0, int(_PATIENCE * 1e6)))
        with self._lock:
            self._owed = 0
            self._socket = link
            self._generation += 1
        self._send(message("A", None), 0)


class WriterFeed:
    """The writer's end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._retry_at = 0.0

    def keep(self) -> None:
        """Stay connected, so that the login process knows since when it hears of every booking."""
        if self._socket is None and time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + _RETRY_AFTER
            try:
                link = connected(self._path)
                link.settimeout(_WRITER_PATIENCE)
                link.sendall(message("W", None))
                self._socket = link
            except OSError:
                return

    def publish(self, booking: Booking) -> None:
        """Send what the database now holds."""
        if self._socket is None:
            return
        customers, sessions = entries_of(booking)
        try:
            for at in range(0, max(len(customers), len(sessions)), _PIECE):
                self._socket.sendall(message("B", (customers[at : at + _PIECE], sessions[at : at + _PIECE])))
        except OSError:
            self._socket.close()
            self._socket = None


#: Of nobody where 0; (customer, session, octets, over, one too many, identities that other Classes gave it, seconds).
BookedSession = tuple[int, str, int, bool, bool, list[str], int]


def entries_of(booking: Booking) -> tuple[list[tuple[int, float, int, int]], list[BookedSession]]:
    """What memory needs of a booking: (customer, period's start, octets, seconds), and the sessions."""
    customers = [(total.customer_id, total.period_start, total.octets, total.seconds) for total in booking.totals]
    sessions = [
        (row.customer_id or 0, row.plain_id or row.unique_id, row.octets_in + row.octets_out, row.stopped is not None,
         row.is_evidence, row.aliases, row.session_time)
        for row in booking.sessions
    ]  # fmt: skip
    return customers, sessions


def connected(path: Path) -> socket.socket:
    """A connection to the login process. Raises OSError."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.settimeout(_PATIENCE)
        link.connect(str(path))
    except OSError:
        link.close()
        raise
    return link
