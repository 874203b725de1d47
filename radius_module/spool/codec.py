"""Records and login results as octets of a spool frame, and back.

The payload of a frame is one `marshal` dump of a list of plain tuples, each beginning with its kind. marshal because it
costs the packet path a fifth of anything written in Python; a frame's checksum is verified before it is read, and the
spool directory is ours alone (docs/decisions/0030-spool-segments.md). Format 2, the same in all of Python 3, whose dump
of a list is a head and the dumps of what is in it, so that records can be put together that others have dumped.
"""

from __future__ import annotations

import marshal
import secrets
from collections.abc import Sequence

from models.accounting.records import AccountingRecord, AuthResult, Booked, InferredStop

_FORMAT = 2
_LIST = b"["
_CHECK = "C"
_KINDS: dict[str, type[Booked]] = {"A": AccountingRecord, "L": AuthResult, "E": InferredStop}
_KIND_OF = {kind: letter for letter, kind in _KINDS.items()}
#: Accounting as earlier versions wrote it: the first 21 fields, and three that were always empty.
_OLD_ACCOUNTING, _OLD_FIELDS = "S", 21

Plain = tuple[object, ...]


class UnreadableRecord(ValueError):
    """A plain tuple that is no record of this version."""


def plain(record: Booked) -> Plain:
    """The record as marshal takes it: an exact tuple with its kind in front."""
    return (_KIND_OF[type(record)], *record)


def check_mark() -> Plain:
    """A record of the health check: read back, never booked."""
    return (_CHECK, secrets.token_bytes(8))


def dump(records: Sequence[Plain]) -> bytes:
    """Payload of one frame."""
    return marshal.dumps(list(records), _FORMAT)


def dump_one(record: Plain) -> bytes:
    """What one record takes of a payload."""
    return marshal.dumps(record, _FORMAT)  # type: ignore[arg-type]  # plain values


def joined(dumped: Sequence[bytes]) -> bytes:
    """Payload of one frame, of what `dump_one` made of each record."""
    return _LIST + len(dumped).to_bytes(4, "little") + b"".join(dumped)


def load(payload: bytes) -> list[Plain]:
    """The tuples of a verified payload. Raises UnreadableRecord for anything but a list of tuples."""
    try:
        loaded = marshal.loads(payload)  # noqa: S302  # our own file, checksum verified
    except (ValueError, EOFError, TypeError) as error:
        raise UnreadableRecord(f"a frame does not open: {error}") from error
    if not isinstance(loaded, list) or not all(type(record) is tuple and record for record in loaded):
        raise UnreadableRecord("a frame holds no list of records")
    return loaded


def record(values: Plain) -> Booked | None:
    """The typed record; None for a mark of the health check. Raises UnreadableRecord.

    A tuple shorter than its type was written by an older version: what it lacks gets its default.
    """
    kind, fields = values[0], values[1:]
    if kind == _CHECK:
        return None
    if kind == _OLD_ACCOUNTING:
        return record(("A", *fields[:_OLD_FIELDS]))
    wanted = _KINDS.get(str(kind))
    if wanted is None:
        raise UnreadableRecord(f"a record of the unknown kind {kind!r}")
    try:
        if len(fields) == len(wanted._fields):
            return wanted._make(fields)
        return wanted(*fields)  # type: ignore[arg-type]  # plain values, as they were written
    except TypeError as error:
        raise UnreadableRecord(f"a record of kind {kind} has {len(fields)} fields") from error


def moment_of(record: Booked) -> float:
    """When it came, epoch seconds."""
    match record:
        case AccountingRecord():
            return record.received
        case AuthResult():
            return record.answered
        case InferredStop():
            return record.at
