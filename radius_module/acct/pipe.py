"""How the accounting hook hands records to the process that stores and answers them (radius_module.acct.store_process).

Over a pipe: the lengths (octets of the record, octets of what goes with it; 16 bits each), the record as it will lie in
the spool (codec.dump_one), and where the answer goes with the Acct-Status-Type. Where the record has no octets the
message is a note. Another pair of sockets carries FreeRADIUS' own socket one way, and the process's report the other.
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
from radius_module.packets.reply_to import ReplyTo, make_reply_to
from radius_module.replies.freeradius_socket import FreeradiusSocket
from radius_module.spool import codec

log = logging.getLogger(__name__)

#: Octets that may wait for a disk that hangs, 2,000 records; the devices send again what is beyond that.
_MOST_WAITING = 1 << 20
_LENGTHS = struct.Struct("<HH")
_FORMAT = 2
_MOST_FACTS = 1 << 16
#: Notes: (id, secret) of a device; FreeRADIUS' socket is on its way.
SECRET, SOCKET = "secret", "socket"


class PipedRecords(NamedTuple):
    """What came: records as they will be stored, where their answers go, Acct-Status-Types; notes; the rest."""

    records: list[bytes]
    replies: list[ReplyTo]
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


def message(record: AccountingRecord, reply_to: ReplyTo) -> bytes:
    """A record, and what its device waits for."""
    stored, rest = codec.dump_one(codec.plain(record)), marshal.dumps((*reply_to, record.status), _FORMAT)
    return _LENGTHS.pack(len(stored), len(rest)) + stored + rest


def note(kind: str, value: object) -> bytes:
    """Something that the process needs to know before what follows."""
    octets = marshal.dumps((kind, value), _FORMAT)  # type: ignore[arg-type]  # plain values
    return _LENGTHS.pack(0, len(octets)) + octets


def split(octets: bytes) -> PipedRecords:
    """The messages in what was read."""
    piped = PipedRecords([], [], [], [], b"")
    at, end = 0, len(octets)
    while at + _LENGTHS.size <= end:
        record, rest = _LENGTHS.unpack_from(octets, at)
        start = at + _LENGTHS.size
        middle, after = start + record, start + record + rest
        if after > end:
            break
        values = marshal.loads(octets[middle:after])  # noqa: S302  # our own process
        if record:
            piped.records.append(octets[start:middle])
            piped.replies.append(make_reply_to(values[:-1]))
            piped.statuses.append(values[-1])
        else:
            piped.notes.append(values)
        at = after
    return piped._replace(rest=octets[at:])


def send_facts(control: socket.socket, facts: dict[str, Any]) -> None:
    """The process's report about itself; left out where the last one has not been read, or the other end is gone."""
    with suppress(OSError):
        control.send(marshal.dumps(facts, _FORMAT), socket.MSG_DONTWAIT)


class Pipe:
    """The hook's end. Never waits. Used by one thread, but for `facts`."""

    def __init__(self, port: int, lost: Callable[[], NoReturn]) -> None:
        """`lost` is called when the process is gone: without it nothing can be acknowledged."""
        self._port, self._lost = port, lost
        out, self._pipe = os.pipe()
        with suppress(OSError):  # the system may allow no more than 64 KiB
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _MOST_WAITING)
        os.set_blocking(self._pipe, False)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours, self.theirs = Ends(FileIO(self._pipe, "w"), ours), Ends(FileIO(out), theirs)
        #: Of a message of which the pipe has taken a part.
        self._rest = b""
        self._socket_passed = False
        #: Secrets that the pipe has not taken yet, by device.
        self._unsent_secrets: dict[int, bytes] = {}
        self._facts: dict[str, Any] = {}

    def close_theirs(self) -> None:
        """The process has its own copies."""
        self.theirs.close()

    def close_ours(self) -> None:
        """Nothing more is sent; called in the process too, which could not see the end of them otherwise."""
        self._ours.close()

    def send(self, record: AccountingRecord, reply_to: ReplyTo) -> bool:
        """Hand a record over. False: the pipe did not take it, and it will not be answered."""
        if not (self._socket_passed or self._pass_socket()) or (self._unsent_secrets and not self._send_secrets()):
            return False
        return self._write(message(record, reply_to))

    def send_secret(self, device_id: int, secret: bytes) -> None:
        """Answers to that device are signed with it from now on."""
        self._unsent_secrets[device_id] = secret
        self._send_secrets()

    def facts(self) -> dict[str, Any]:
        """The process's last report about itself; empty before the first."""
        try:
            while octets := self._ours.control.recv(_MOST_FACTS, socket.MSG_DONTWAIT):
                self._facts = marshal.loads(octets)  # noqa: S302  # our own process
        except BlockingIOError:
            return self._facts
        except ConnectionResetError:
            pass  # gone, before it had read all
        self._lost()

    def _send_secrets(self) -> bool:
        for device_id, secret in list(self._unsent_secrets.items()):
            if not self._write(note(SECRET, (device_id, secret))):
                return False
            del self._unsent_secrets[device_id]
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
        self._socket_passed = True
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
