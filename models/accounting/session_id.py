"""Who a session is: the Class that a login gives, and the identifier made of it.

Class is version 1, time of login (epoch seconds, 32 bits, big endian), 8 random octets. Devices use their session ids
again after 16 reboots, so the random octets are part of a session's identity wherever they come back.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

_VERSION = b"\x01"
_HEAD = Struct("!BI")
_LENGTH = 13
#: A login this far from the packet's receipt, in seconds, is no login of ours: a day ahead, two years behind.
_AHEAD, _BEHIND = 86_400, 2 * 366 * 86_400


class SessionClass(NamedTuple):
    """What a Class of ours says. The nonce is empty and the time None for anything else."""

    login_time: int | None
    nonce: bytes


NO_CLASS = SessionClass(None, b"")


def make_class(login_time: float) -> bytes:
    """A Class for a new login. Its nonce was never used before.

    Nonces are drawn from the kernel by the thousand, for a call costs 1 to 10 µs.
    """
    try:
        nonce = _nonces.pop()
    except IndexError:
        drawn = os.urandom(8 * 1024)
        _nonces.extend([drawn[at : at + 8] for at in range(0, len(drawn), 8)])
        nonce = _nonces.pop()
    return _HEAD.pack(1, int(login_time)) + nonce


_nonces: list[bytes] = []
# Two processes must not deal from one pack.
os.register_at_fork(after_in_child=_nonces.clear)


def read_class(octets: bytes, received: float) -> SessionClass:
    """What came back. Another server's Class, or a time that cannot be, is no Class of ours."""
    if len(octets) != _LENGTH or octets[:1] != _VERSION:
        return NO_CLASS
    login_time = int.from_bytes(octets[1:5], "big")
    if not received - _BEHIND <= login_time <= received + _AHEAD:
        return NO_CLASS
    return SessionClass(login_time, octets[5:])


def unique_id(
    isp_id: int, device_id: int, session_id: bytes, session_class: SessionClass = NO_CLASS, earlier: int = 0
) -> str:
    """`radacct.acctuniqueid`: 32 hex digits. `earlier` counts former sessions of the same id without a Class.

    With a Class they begin with the time of the login, so that sessions of one hour lie together in the index: a key
    that is all chance touches another page, and writes it whole into the log, for each row.
    """
    login_time, nonce = session_class
    text = b"%d.%d.%d.%d." % (isp_id, device_id, earlier, len(nonce))
    digest = blake2b(text + nonce + session_id, digest_size=16).hexdigest()
    return digest if login_time is None else f"{login_time:08x}{digest[:24]}"


def month_of(moment: float) -> date:
    """First day (UTC) of the month: the partition."""
    return _month_of_day(int(moment // 86_400))


@lru_cache(4096)
def _month_of_day(number: int) -> date:
    """Of a day, counted from the epoch."""
    day = datetime.fromtimestamp(number * 86_400, UTC)
    return date(day.year, day.month, 1)
