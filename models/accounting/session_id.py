"""Who a session is: the Class that a login gives, and the identifier made of it.

Class is version 2, time of login (epoch seconds, 32 bits, big endian), 8 random octets, the customer's id (64 bits) and
the Acct-Interim-Interval that was granted (16 bits). Devices use their session ids again after 16 reboots, so the
random octets are part of a session's identity wherever they come back; the device is not, for another one of the
tenant may report the session. Version 1 ended with the random octets, and its sessions are their device's.

Without a Class of ours a session is known by device, id and user name.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

from models.accounting.records import readable
from models.names import login_name

_CLASS, _TAIL = Struct("!BI8sQH"), Struct("!QH")
_VERSION, _LENGTH = 2, 23
_OLD_VERSION, _OLD_LENGTH = 1, 13
#: A login this far from the packet's receipt, in seconds, is no login of ours: a day ahead, two years behind.
_AHEAD, _BEHIND = 86_400, 2 * 366 * 86_400
#: Seconds between two reports of a session where none were granted.
INTERIM_INTERVAL = 300


class SessionClass(NamedTuple):
    """What a Class of ours says. The nonce is empty and the time None for anything else."""

    login_time: int | None
    nonce: bytes
    #: Whom the login was granted to, an id of the device's tenant; None: the Class does not say.
    customer_id: int | None = None
    #: Acct-Interim-Interval, seconds.
    interval: int = INTERIM_INTERVAL


NO_CLASS = SessionClass(None, b"")


def make_class(login_time: float, customer_id: int, interval: int = INTERIM_INTERVAL) -> bytes:
    """A Class for a new login. Its nonce was never used before.

    Nonces are drawn from the kernel by the thousand, for a call costs 1 to 10 µs.
    """
    try:
        nonce = _nonces.pop()
    except IndexError:
        drawn = os.urandom(8 * 1024)
        _nonces.extend([drawn[at : at + 8] for at in range(0, len(drawn), 8)])
        nonce = _nonces.pop()
    return _CLASS.pack(_VERSION, int(login_time), nonce, customer_id, interval)


_nonces: list[bytes] = []
# Two processes must not deal from one pack.
os.register_at_fork(after_in_child=_nonces.clear)


def read_class(octets: bytes, received: float) -> SessionClass:
    """What came back. Another server's Class, or a time that cannot be, is no Class of ours."""
    shape = (octets[:1], len(octets))
    if shape not in ((b"\x02", _LENGTH), (b"\x01", _OLD_LENGTH)):
        return NO_CLASS
    login_time = int.from_bytes(octets[1:5], "big")
    if not received - _BEHIND <= login_time <= received + _AHEAD:
        return NO_CLASS
    if len(octets) == _OLD_LENGTH:
        return SessionClass(login_time, octets[5:])
    return SessionClass(login_time, octets[5:13], *_TAIL.unpack_from(octets, 13))


def unique_id(
    isp_id: int, device_id: int, session_id: bytes, session_class: SessionClass = NO_CLASS, name: bytes = b""
) -> str:
    """`radacct.acctuniqueid`: 32 hex digits. `name` is the user's where no Class of ours says more.

    With a Class they begin with the time of the login, so that sessions of one hour lie together in the index: a key
    that is all chance touches another page, and writes it whole into the log, for each row.
    """
    login_time, nonce, customer_id, _interval = session_class
    if login_time is None:
        return _digest(b"%d.%d.name.%d." % (isp_id, device_id, len(name)) + name + session_id)
    if customer_id is None:
        whose = b"%d.%d.0.%d." % (isp_id, device_id, len(nonce))
    else:
        whose = b"%d.customer.%d.%d." % (isp_id, customer_id, len(nonce))
    return f"{login_time:08x}{_digest(whose + nonce + session_id)[:24]}"


def identity(isp_id: int, device_id: int, session_id: bytes, session_class: SessionClass, username: bytes) -> str:
    """`unique_id` of a session, where namesakes are not told apart; the name counts where no Class of ours does."""
    name = b"" if session_class.login_time is not None else login_name(readable(username)).encode()
    return unique_id(isp_id, device_id, session_id, session_class, name)


def namesake_id(plain_id: str, earlier: int) -> str:
    """Identifier of a session without a Class after `earlier` others of the same device, id and name are over."""
    return plain_id if earlier == 0 else _digest(b"%d.namesake.%s" % (earlier, plain_id.encode()))


def _digest(octets: bytes) -> str:
    return blake2b(octets, digest_size=16).hexdigest()


def month_of(moment: float) -> date:
    """First day (UTC) of the month: the partition."""
    return _month_of_day(int(moment // 86_400))


def month_before(month: date) -> date:
    """First day of the month before."""
    return (month - timedelta(days=1)).replace(day=1)


@lru_cache(4096)
def _month_of_day(number: int) -> date:
    """Of a day, counted from the epoch."""
    day = datetime.fromtimestamp(number * 86_400, UTC)
    return date(day.year, day.month, 1)
