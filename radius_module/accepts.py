"""Access-Accepts put together, signed and sent by the login hook itself (docs/decisions/0035).

Only what the rules' verdict is made of has its number here. Whatever else an answer holds, an operator's own rows or
the keys of MS-CHAP, is FreeRADIUS' to encode.
"""

from __future__ import annotations

import struct
from hashlib import md5

from radius_module.own_socket import OwnSocket, Receipt
from radius_module.reply import INTERIM_INTERVAL
from radius_module.rules.facts import Grant

_ACCESS_ACCEPT = 2
_HEAD = struct.Struct(">BBH")
#: Code, identifier, length, authenticator; and Message-Authenticator, which comes first (RFC 3579 section 3.2).
_BARE = 20 + 18
_SIGNATURE = b"\x50\x12"
_UNSIGNED = _SIGNATURE + bytes(16)
#: Octets of a text in one attribute, in a vendor's one.
_LONGEST, _VENDORS_LONGEST = 253, 247
_HMAC_BLOCK = 64


def _head(number: int, length: int) -> bytes:
    return bytes((number, 2 + length))


def _mikrotik(number: int, length: int) -> bytes:
    """RFC 2865 section 5.26: vendor 14988 and one attribute of his."""
    return bytes((26, 8 + length)) + (14988).to_bytes(4, "big") + bytes((number, 2 + length))


_FRAMED_IP_ADDRESS, _CLASS = _head(8, 4), 25
_SESSION_TIMEOUT, _IDLE_TIMEOUT = _head(27, 4), _head(28, 4)
_INTERIM = _head(85, 4) + INTERIM_INTERVAL.to_bytes(4, "big")
_TOTAL, _TOTAL_GIGAWORDS = _mikrotik(17, 4), _mikrotik(18, 4)
_FRAMED_POOL, _RATE_LIMIT = 88, 8
_SECONDS = struct.Struct(f">{len(_SESSION_TIMEOUT)}sI")
_ALLOWANCE = struct.Struct(f">{len(_TOTAL_GIGAWORDS)}sI{len(_TOTAL)}sI")


def same_for_all(grant: Grant) -> bytes | None:
    """The attributes of `reply.accept` that do not differ from login to login; None is FreeRADIUS' to encode."""
    pool, rate, idle = (grant.pool or "").encode(), (grant.rate or "").encode(), grant.idle_timeout
    if grant.extra or len(pool) > _LONGEST or len(rate) > _VENDORS_LONGEST:
        return None
    octets = _INTERIM
    if idle is not None:
        if not 0 <= idle < 1 << 32:
            return None
        octets += _SECONDS.pack(_IDLE_TIMEOUT, idle)
    if grant.address is not None:
        octets += _FRAMED_IP_ADDRESS + bytes(map(int, grant.address.split(".")))
    elif grant.pool is not None:
        octets += _head(_FRAMED_POOL, len(pool)) + pool
    if grant.rate is not None:
        octets += _mikrotik(_RATE_LIMIT, len(rate)) + rate
    return octets


def of_this_login(seconds: int, left: int | None, klass: bytes) -> bytes:
    """Session-Timeout, the octets that are left in two halves (FACTS 2), Class."""
    octets = _SECONDS.pack(_SESSION_TIMEOUT, seconds)
    if left is not None:
        octets += _ALLOWANCE.pack(_TOTAL_GIGAWORDS, left >> 32, _TOTAL, left & 0xFFFF_FFFF)
    return octets + bytes((_CLASS, 2 + len(klass))) + klass


class Signer:
    """Signs answers to one router."""

    __slots__ = ("_inner", "_outer", "_secret")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        # HMAC-MD5 (RFC 2104), whose first block is always the same: the rest takes a third of the time of hmac.digest.
        short = md5(secret, usedforsecurity=False).digest() if len(secret) > _HMAC_BLOCK else secret
        key = short.ljust(_HMAC_BLOCK, b"\0")
        self._inner = md5(bytes(octet ^ 0x36 for octet in key), usedforsecurity=False)
        self._outer = md5(bytes(octet ^ 0x5C for octet in key), usedforsecurity=False)

    def accept(self, receipt: Receipt, attributes: bytes) -> bytes:
        """The whole packet, with Message-Authenticator and Response Authenticator (RFC 2865 section 3)."""
        _, _, _, identifier, authenticator, states = receipt
        attributes += states
        head = _HEAD.pack(_ACCESS_ACCEPT, identifier, _BARE + len(attributes))
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(head + authenticator + _UNSIGNED + attributes)
        outer.update(inner.digest())
        attributes = _SIGNATURE + outer.digest() + attributes
        return head + md5(head + authenticator + attributes + self._secret, usedforsecurity=False).digest() + attributes


class Accepts:
    """Sends Access-Accepts to routers whose requests FreeRADIUS has verified."""

    def __init__(self, port: int) -> None:
        self._link = OwnSocket(port)
        self._signers: dict[str, Signer] = {}

    def sign_for(self, address: str, secret: str) -> None:
        """FreeRADIUS is told this secret of the router at an address."""
        self._signers[address] = Signer(secret.encode())

    def send(self, receipt: Receipt, attributes: bytes) -> bytes | None:
        """The packet that was sent; None if it could not be."""
        signer = self._signers.get(receipt.address)
        if signer is None:
            return None
        octets = signer.accept(receipt, attributes)
        return octets if self._link.send(octets, receipt) else None

    def send_again(self, receipt: Receipt, octets: bytes) -> None:
        """The same packet, to who did not get it."""
        self._link.send(octets, receipt)

    def close(self) -> None:
        """Send no more."""
        self._link.close()
