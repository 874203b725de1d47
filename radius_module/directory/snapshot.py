"""The copy on disk of the directory and of who is online: both FreeRADIUS processes start from it without the database.

The whole file is encrypted (CREDENTIAL_KEYS), piece by piece, so that neither an operator's clear-text row nor a hash
lies on the disk, and so that writing it never holds the interpreter for long. What the writer books between two copies
goes to a journal beside it; applying a line of it twice does no harm. Rows are plain tuples; the first piece names
their fields, so that a copy of another version is recognised and not misread.
"""

from __future__ import annotations

import logging
import marshal
import os
import struct
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag

from models.db import first_line
from models.secrets.keyring import Keyring
from radius_module import steady_clock
from radius_module.directory.contents import Contents, Directory
from radius_module.fast_tuple import maker
from radius_module.online.session import OnlineSession
from radius_module.online.table import OnlineTable
from radius_module.replace_file import replacing
from radius_module.rules.facts import Attribute, Customer, Device, Isp, Plan

log = logging.getLogger(__name__)

_HEADER = b"INFORA SNAPSHOT 3\n"
_LENGTH = struct.Struct("<I")
#: Customers, or sessions. Each piece holds the interpreter for 0.2 ms; then logins have it.
_PIECE = 50
_BREATH = 0.0005
_NONCE = 12
_make_customer = maker(Customer)

Piece = tuple[str, list[Any]]
#: The fields of each kind of row, in their order.
_FIELDS = [list(fields) for fields in (
    Isp._fields, Plan._fields, Device._fields, Customer._fields, Attribute._fields, OnlineSession.FIELDS,
)]  # fmt: skip


class Snapshot:
    """The file of one installation; the login process alone writes it."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        self._path, self._keyring = path, keyring
        self._journal: IO[bytes] | None = None

    # -- writing -----------------------------------------------------------------------------------------------

    def write(self, directory: Directory, online: OnlineTable) -> None:
        """Copy the facts. Raises OSError."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # From here on the journal has what the copy may be too early for.
        number = time.time_ns()
        before, self._journal = self._journal, self._journal_of(number).open("wb")
        if before is not None:
            before.close()
        with replacing(self._path, mode=0o600, is_durable=True) as file:
            file.write(_HEADER + _LENGTH.pack(len(self._keyring.writer.encode())) + self._keyring.writer.encode())
            for piece in _pieces(directory, online, number):
                self._seal(file, piece)
                time.sleep(_BREATH)
        for old in self._path.parent.glob("journal-*"):
            if old != self._journal_of(number):
                old.unlink(missing_ok=True)

    def note(self, payload: object) -> None:
        """What the writer has booked, for the journal. A failed write must not stop the feed."""
        journal = self._journal
        if journal is not None:
            try:
                self._seal(journal, ("booked", [payload]))
                journal.flush()
            except (OSError, ValueError) as error:
                log.warning("snapshot: the journal is not written: %s", error)

    def close(self) -> None:
        """No more journal."""
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def _seal(self, file: IO[bytes], piece: Piece) -> None:
        nonce = os.urandom(_NONCE)
        sealed = self._keyring.ciphers[self._keyring.writer].encrypt(nonce, marshal.dumps(piece, 4), _HEADER)
        file.write(_LENGTH.pack(len(nonce) + len(sealed)) + nonce + sealed)

    def _journal_of(self, number: int) -> Path:
        return self._path.parent / f"journal-{number}"

    # -- reading -----------------------------------------------------------------------------------------------

    def restore(self, directory: Directory, online: OnlineTable | None) -> bool:
        """Fill what the database could not; False where it could, or there is no copy, or none that opens."""
        contents, online_rows = Contents(), []
        confirmed_at, number, moved = 0.0, 0, 0.0
        try:
            for kind, rows in self._read():
                if kind == "fields" and rows != _FIELDS:
                    raise ValueError("another version wrote it")
                if kind == "when":
                    confirmed_at, number, boot, origin = rows
                    moved = steady_clock.moved(origin, boot)
                elif kind == "online":
                    online_rows += rows
                else:
                    _put(contents, kind, rows)
        except (OSError, ValueError, EOFError, TypeError, KeyError, struct.error, InvalidTag) as error:
            log.warning("snapshot: not usable: %s", first_line(error))
            return False
        if directory.loads:
            return False
        directory.contents = contents
        directory.confirmed_at = min(confirmed_at + moved, steady_clock.steady_now())
        if online is not None:
            online.restore(online_rows, moved)
            self._replay(online, number)
        log.warning("serving from the snapshot, %.0f s old: %d customers", directory.age(),
                    len(contents.customers))  # fmt: skip
        return True

    def _read(self) -> Iterator[Piece]:
        with self._path.open("rb") as file:
            if file.read(len(_HEADER)) != _HEADER:
                raise ValueError("it does not begin like a snapshot")
            name = file.read(_LENGTH.unpack(file.read(_LENGTH.size))[0]).decode()
            ended = False
            for piece in self._open(file, name):
                ended = piece[0] == "end"
                yield piece
            if not ended:
                raise ValueError("it has no end")

    def _open(self, file: IO[bytes], key: str) -> Iterator[Piece]:
        cipher = self._keyring.ciphers[key]
        while head := file.read(_LENGTH.size):
            sealed = file.read(_LENGTH.unpack(head)[0])
            yield marshal.loads(cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _HEADER))  # noqa: S302  # sealed by us

    def _replay(self, online: OnlineTable, number: int) -> None:
        """The journal up to where it was cut off."""
        try:
            with self._journal_of(number).open("rb") as file:
                for _kind, rows in self._open(file, self._keyring.writer):
                    for totals, sessions in rows:
                        online.apply_booking(totals, sessions, time.time())
        except (OSError, ValueError, EOFError, struct.error, InvalidTag):
            return


def _pieces(directory: Directory, online: OnlineTable, number: int) -> Iterator[Piece]:
    contents = directory.contents
    yield "fields", _FIELDS
    yield "when", [directory.confirmed_at, number, steady_clock.BOOT, steady_clock.ORIGIN]
    yield "isps", [tuple(isp) for isp in list(contents.isps.values())]
    yield "plans", [(*plan[:-1], tuple(map(tuple, plan.extra))) for plan in list(contents.plans.values())]
    yield "devices", [(str(network), tuple(device)) for network, device in list(contents.devices.values())]
    customers = iter(list(contents.customers.values()))
    while some := list(islice(customers, _PIECE)):
        yield "customers", [(*customer[:-1], tuple(map(tuple, customer.extra))) for customer in some]
    for rows in online.snapshot_rows(_PIECE):
        yield "online", rows
    yield "end", []


def _put(contents: Contents, kind: str, rows: list[Any]) -> None:
    match kind:
        case "isps":
            for row in rows:
                contents.isps[row[0]] = Isp(*row)
        case "plans":
            for row in rows:
                contents.plans[row[0]] = Plan._make((*row[:-1], _attributes(row[-1])))
        case "devices":
            for row in rows:
                contents.put_device(row[0], Device(*row[1]))
        case "customers":
            for row in rows:
                contents.put_customer(_make_customer((*row[:-1], _attributes(row[-1])) if row[-1] else row))


def _attributes(rows: tuple[tuple[str, str, str], ...]) -> tuple[Attribute, ...]:
    return tuple(Attribute(*row) for row in rows)
