"""Verdict → the attributes of an answer as they travel, for answers that this process sends itself (replies/sender.py).

What the rules' verdict is made of has its number here, rows of operators' own theirs in the dictionary. Whatever else
an answer holds, such as the keys of MS-CHAP, is FreeRADIUS' to encode.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from socket import AF_INET, AF_INET6, inet_pton

from radius_module.replies.attribute import Pair, plain
from radius_module.replies.dictionary import definitions
from radius_module.rules.facts import Grant
from radius_module.rules.service import INTERIM_INTERVAL

_MIKROTIK, _MICROSOFT = 14988, 311
#: Octets of a text in one attribute, and in a vendor's.
_LONGEST, _LONGEST_OF_VENDOR = 253, 247

_VALUE: dict[str, Callable[[str], bytes]] = {
    "string": lambda value: plain(value).encode(),
    "octets": lambda value: bytes.fromhex(value.removeprefix("0x")),
    "byte": lambda value: int(value).to_bytes(1, "big"),
    "short": lambda value: int(value).to_bytes(2, "big"),
    "integer": lambda value: int(value).to_bytes(4, "big"),
    "integer64": lambda value: int(value).to_bytes(8, "big"),
    "ipaddr": lambda value: inet_pton(AF_INET, value),
    "ipv6addr": lambda value: inet_pton(AF_INET6, value),
}


def _standard(number: int, length: int) -> bytes:
    return bytes((number, 2 + length))


def _of_vendor(vendor: int, number: int, length: int) -> bytes:
    """RFC 2865 section 5.26, holding one attribute of the vendor."""
    return bytes((26, 8 + length)) + vendor.to_bytes(4, "big") + bytes((number, 2 + length))


_FRAMED_IP_ADDRESS, _CLASS = _standard(8, 4), 25
_SESSION_TIMEOUT, _IDLE_TIMEOUT = _standard(27, 4), _standard(28, 4)
_INTERIM = _standard(85, 4) + INTERIM_INTERVAL.to_bytes(4, "big")
_TOTAL, _TOTAL_GIGAWORDS = _of_vendor(_MIKROTIK, 17, 4), _of_vendor(_MIKROTIK, 18, 4)
_REPLY_MESSAGE, _FRAMED_POOL, _RATE_LIMIT, _MSCHAP_ERROR = 18, 88, 8, 2
_SECONDS = struct.Struct(f">{len(_SESSION_TIMEOUT)}sI")
_ALLOWANCE = struct.Struct(f">{len(_TOTAL_GIGAWORDS)}sI{len(_TOTAL)}sI")
#: All that differs from login to login, without and with an allowance.
_UNLIMITED = struct.Struct(_SECONDS.format + "BB")
_LIMITED = struct.Struct(_SECONDS.format + _ALLOWANCE.format[1:] + "BB")


def same_for_all(grant: Grant) -> bytes | None:
    """Those of `access_attributes.accept` that do not differ from login to login; None: left to FreeRADIUS."""
    pool, rate, idle = (grant.pool or "").encode(), (grant.rate or "").encode(), grant.idle_timeout
    if grant.extra or len(pool) > _LONGEST or len(rate) > _LONGEST_OF_VENDOR:
        return None
    octets = _INTERIM
    if idle is not None:
        if not 0 <= idle < 1 << 32:
            return None
        octets += _SECONDS.pack(_IDLE_TIMEOUT, idle)
    if grant.address is not None:
        octets += _FRAMED_IP_ADDRESS + bytes(map(int, grant.address.split(".")))
    elif grant.pool is not None:
        octets += _standard(_FRAMED_POOL, len(pool)) + pool
    if grant.rate is not None:
        octets += _of_vendor(_MIKROTIK, _RATE_LIMIT, len(rate)) + rate
    return octets


def of_this_login(seconds: int, left: int | None, klass: bytes) -> bytes:
    """Session-Timeout, the octets that are left in two 32-bit halves, Class."""
    if left is None:
        return _UNLIMITED.pack(_SESSION_TIMEOUT, seconds, _CLASS, 2 + len(klass)) + klass
    return _LIMITED.pack(_SESSION_TIMEOUT, seconds, _TOTAL_GIGAWORDS, left >> 32, _TOTAL, left & 0xFFFF_FFFF,
                         _CLASS, 2 + len(klass)) + klass  # fmt: skip


def refusal(message: str, mschap_error: bytes) -> bytes:
    """Reply-Message, and MS-CHAP-Error where rlm_mschap has written one (RFC 2548 section 2.1.5)."""
    text = message.encode()[:_LONGEST]
    octets = _standard(_REPLY_MESSAGE, len(text)) + text
    if 0 < len(mschap_error) <= _LONGEST_OF_VENDOR:
        octets += _of_vendor(_MICROSOFT, _MSCHAP_ERROR, len(mschap_error)) + mschap_error
    return octets


def of_pairs(pairs: Iterable[Pair]) -> bytes | None:
    """Attributes as text in their order, rows of operators' own too; None where one of them is left to FreeRADIUS:

    it has a tag, is encrypted, or lies in a layout of its vendor's own.
    """
    octets = [_encoded(pair) for pair in pairs]
    return None if None in octets else b"".join(filter(None, octets))


def _encoded(pair: Pair) -> bytes | None:
    name, _op, text = pair
    definition = definitions().get(name.lower())
    if definition is None or definition.code is None or definition.kind not in _VALUE:
        return None
    vendor, number = definition.code
    try:
        value = _VALUE[definition.kind](text)
    except (ValueError, OverflowError, OSError):
        return None
    if not 0 < len(value) <= (_LONGEST_OF_VENDOR if vendor else _LONGEST):
        return None
    attribute = bytes((number, 2 + len(value))) + value
    return bytes((26, 6 + len(attribute))) + vendor.to_bytes(4, "big") + attribute if vendor else attribute
