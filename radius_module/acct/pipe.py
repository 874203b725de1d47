"""How the accounting hook hands records to the process that stores and answers them (radius_module.acct.store_process).

Over a pipe: a head (octets of the record, octets of what goes with it; 16 bits each), the record as it will lie in the
spool (records.dump_one), and the reply_to with the Acct-Status-Type. A head without a record is a note. Another pair of
sockets carries FreeRADIUS' own socket one way, and what the process tells of itself the other.
"""

from __future__ import annotations

import fcntl
import logging
import marshal
import os
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from typing import Any, NamedTuple, NoReturn

from models.accounting.records import AccountingRecord
from radius_module.fast_tuple import maker
from radius_module.packets.reply_to import ReplyTo
from radius_module.replies.freeradius_socket import FreeradiusSocket
from radius_module.spool import codec as records

log = logging.getLogger(__name__)

#: Octets that may wait for a disk that hangs, 2,000 records; the routers send again what is beyond that.
_WAITING_KEPT = 1 << 20
_HEAD = struct.Struct("<HH")
_FORMAT = 2
_MOST_FACTS = 1 << 16
#: Notes: (address, secret) of a router; FreeRADIUS' socket is on its way.
SECRET, SOCKET = "secret", "socket"
_reply_to = maker(ReplyTo)


class PipedRecord(NamedTuple):
    """What came: records as they will be stored, with pending and Acct-Status-Types; notes; a message's begin."""

    records: list[bytes]
    pending: list[ReplyTo]
    statuses: list[str]
    notes: list[tuple[str, Any]]
    rest: bytes


class Ends(NamedTuple):
    """Of the pipe and of the pair of sockets."""

    pipe: FileIO
    control: socket.socket

    def close(self) -> None:
        self.pipe.close()
        self.control.close()


def message(report: AccountingRecord, reply_to: ReplyTo) -> bytes:
    """A record, and what its router waits for."""
    record, rest = records.dump_one(records.plain(report)), marshal.dumps((*reply_to, report.status), _FORMAT)
    return _HEAD.pack(len(record), len(rest)) + record + rest


def note(kind: str, value: object) -> bytes:
    """Something that the process is to know before what follows."""
    octets = marshal.dumps((kind, value), _FORMAT)  # type: ignore[arg-type]  # plain values
    return _HEAD.pack(0, len(octets)) + octets


def split(octets: bytes) -> PipedRecord:
    """Messages of what was read."""
    found = PipedRecord([], [], [], [], b"")
    at, end = 0, len(octets)
    while at + _HEAD.size <= end:
        record, rest = _HEAD.unpack_from(octets, at)
        start = at + _HEAD.size
        middle, after = start + record, start + record + rest
        if after > end:
            break
        values = marshal.loads(octets[middle:after])  # noqa: S302  # our own process
        if record:
            found.records.append(octets[start:middle])
            found.pending.append(_reply_to(values[:-1]))
            found.statuses.append(values[-1])
        else:
            found.notes.append(values)
        at = after
    return found._replace(rest=octets[at:])


def tell_facts(control: socket.socket, facts: dict[str, Any]) -> None:
    """What the process has to say of itself; not where nobody has read what it said before, or nobody is there."""
    with suppress(OSError):
        control.send(marshal.dumps(facts, _FORMAT), socket.MSG_DONTWAIT)


class Pipe:
    """The hook's end. Never waits. Used by one thread, but for `facts`."""

    def __init__(self, port: int, lost: Callable[[], NoReturn]) -> None:
        """`lost` is called when the process is gone: without it nothing can be acknowledged."""
        self._port, self._lost = port, lost
        out, self._pipe = os.pipe()
        with suppress(OSError):  # the system may allow no more than 64 KiB
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _WAITING_KEPT)
        os.set_blocking(self._pipe, False)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours, self.theirs = Ends(FileIO(self._pipe, "w"), ours), Ends(FileIO(out), theirs)
        #: Of a message that the pipe took a part of.
        self._rest = b""
        self._is_passed = False
        #: Secrets that the pipe has not taken yet, by address.
        self._untold: dict[str, bytes] = {}
        self._facts: dict[str, Any] = {}

    def close_theirs(self) -> None:
        """The process has them."""
        self.theirs.close()

    def close_ours(self) -> None:
        """No more comes; and in the process, which must see the end of them."""
        self._ours.close()

    def take(self, report: AccountingRecord, reply_to: ReplyTo) -> bool:
        """Hand a record over. False: it was not taken, and will not be answered."""
        if not (self._is_passed or self._pass_socket()) or (self._untold and not self._tell_secrets()):
            return False
        return self._write(message(report, reply_to))

    def tell_secret(self, address: str, secret: bytes) -> None:
        """Answers to that address are signed with it from now on."""
        self._untold[address] = secret
        self._tell_secrets()

    def facts(self) -> dict[str, Any]:
        """What the process last told of itself; nothing if it has not yet."""
        try:
            while octets := self._ours.control.recv(_MOST_FACTS, socket.MSG_DONTWAIT):
                self._facts = marshal.loads(octets)  # noqa: S302  # our own process
        except BlockingIOError:
            return self._facts
        except ConnectionResetError:
            pass  # gone, before it had read all
        self._lost()

    def _tell_secrets(self) -> bool:
        for address, secret in list(self._untold.items()):
            if not self._write(note(SECRET, (address, secret))):
                return False
            del self._untold[address]
        return True

    def _pass_socket(self) -> bool:
        own = FreeradiusSocket(self._port)
        if not own.is_there():
            return False
        try:
            if not self._write(note(SOCKET, None)):
                return False
            socket.send_fds(self._ours.control, [b"."], [own.fileno()])
        except BrokenPipeError:
            self._lost()
        finally:
            own.close()
        self._is_passed = True
        return True

    def _write(self, octets: bytes) -> bool:
        """All or nothing, as far as the reader will know: what is left of a long message goes before the next one."""
        try:
            if self._rest:
                self._rest = self._rest[os.write(self._pipe, self._rest) :]
                if self._rest:
                    return False
            self._rest = octets[os.write(self._pipe, octets) :]
        except BlockingIOError:
            return False
        except BrokenPipeError:
            self._lost()
        return True
