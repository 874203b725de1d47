"""CoA and Disconnect (RFC 5176) from the device's side: read a request, decide, answer. Own code beside pyrad's.

The rules are RouterOS': a session is named by User-Name and Acct-Session-Id, one of HotSpot by its address as well;
what does not fit is answered 406, whatever the reason.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .attributes import MIKROTIK, Attribute, Mikrotik, Name, encode, parse

COA, COA_ACK, COA_NAK = 43, 44, 45
DISCONNECT, DISCONNECT_ACK, DISCONNECT_NAK = 40, 41, 42
ERROR_CAUSE = 101
UNSUPPORTED_ATTRIBUTE, UNSUPPORTED_EXTENSION, NO_SESSION = 401, 406, 503
_SEAL = Name.MESSAGE_AUTHENTICATOR
#: What the manual says a CoA may change, besides the vendor's rate, limits, group and mark.
_CHANGEABLE = {11, 27, 28, 62}
_CHANGEABLE_VENDORS = {1, 2, 3, 8, 11}
_NAMING = {Name.USER_NAME, Name.ACCT_SESSION_ID, Name.FRAMED_IP_ADDRESS, Name.CALLING_STATION_ID}
#: How far a request's clock may be off, seconds.
_CLOCK = 300


class DynamicRequest(NamedTuple):
    """A CoA- or Disconnect-Request that was meant for this device and is whole."""

    octets: bytes
    attributes: tuple[Attribute, ...]

    @property
    def code(self) -> int:
        return self.octets[0]

    def value(self, name: int) -> bytes | None:
        """Octets of the first attribute of this type."""
        return next((value for number, value in self.attributes if number == name), None)

    def vendor_value(self, name: int) -> bytes | None:
        """The same of MikroTik's."""
        for value in self._vendors():
            for number, octets in parse(value[4:]):
                if number == name:
                    return octets
        return None

    def changes(self) -> list[int]:
        """Vendor's attributes, as negative numbers, and others, that are neither names nor about the packet."""
        others = [number for number, _ in self.attributes
                  if number not in (*_NAMING, _SEAL, Name.EVENT_TIMESTAMP, Name.VENDOR_SPECIFIC)]  # fmt: skip
        return others + [-number for value in self._vendors() for number, _ in parse(value[4:])]

    def _vendors(self) -> list[bytes]:
        prefix = MIKROTIK.to_bytes(4, "big")
        return [value for number, value in self.attributes
                if number == Name.VENDOR_SPECIFIC and value.startswith(prefix)]  # fmt: skip


def read_request(octets: bytes, secret: bytes) -> DynamicRequest | None:
    """None: not meant for us, changed on its way, unsigned, or of another time; a strict device says nothing."""
    if len(octets) < 20 or int.from_bytes(octets[2:4], "big") != len(octets) or octets[0] not in (COA, DISCONNECT):
        return None
    digest = hashlib.md5(octets[:4] + bytes(16) + octets[20:] + secret, usedforsecurity=False).digest()
    if digest != octets[4:20]:
        return None
    try:
        attributes = tuple(parse(octets[20:]))
    except ValueError:
        return None
    request = DynamicRequest(octets, attributes)
    sent = request.value(Name.EVENT_TIMESTAMP)
    if not _is_sealed(octets, attributes, secret) or sent is None:
        return None
    return request if abs(int.from_bytes(sent, "big") - time.time()) < _CLOCK else None


def _is_sealed(octets: bytes, attributes: tuple[Attribute, ...], secret: bytes) -> bool:
    seal = next((value for number, value in attributes if number == _SEAL), None)
    if seal is None or len(seal) != 16:
        return False
    blank = [(number, bytes(16) if number == _SEAL else value) for number, value in attributes]
    return hmac.compare_digest(hmac.digest(secret, octets[:4] + bytes(16) + encode(blank), "md5"), seal)


def answer(request: DynamicRequest, secret: bytes, *, cause: int | None = None, code: int | None = None) -> bytes:
    """An ACK, or with a cause a NAK; 0 is a NAK that gives none."""
    code = code or request.code + (1 if cause is None else 2)
    body = b"" if not cause else encode([(ERROR_CAUSE, cause.to_bytes(4, "big"))])
    head = bytes((code, request.octets[1])) + (20 + len(body)).to_bytes(2, "big")
    return head + hashlib.md5(head + request.octets[4:20] + body + secret, usedforsecurity=False).digest() + body


@dataclass
class Naming:
    """What a session is named by on its router."""

    user_name: bytes
    session_id: bytes
    framed_address: bytes
    calling_station_id: bytes
    is_hotspot: bool
    #: A HotSpot session that logged in by its MAC address does not take another rate.
    is_by_mac: bool = False
    changed: list[int] = field(default_factory=list)


def find(request: DynamicRequest, sessions: Iterable[Naming]) -> Naming | None:
    """The session that a request names: all that it says must fit, and it must say enough."""
    said = {
        "user_name": request.value(Name.USER_NAME),
        "session_id": request.value(Name.ACCT_SESSION_ID),
        "framed_address": request.value(Name.FRAMED_IP_ADDRESS),
        "calling_station_id": request.value(Name.CALLING_STATION_ID),
    }
    if said["user_name"] is None or said["session_id"] is None:
        return None
    for session in sessions:
        if session.is_hotspot and said["framed_address"] is None:
            continue
        if all(octets is None or octets == getattr(session, name) for name, octets in said.items()):
            return session
    return None


def can_change(request: DynamicRequest, session: Naming) -> bool:
    """Is everything that it asks for among what the manual says a CoA may change?"""
    changes = request.changes()
    known = all(number in _CHANGEABLE if number > 0 else -number in _CHANGEABLE_VENDORS for number in changes)
    return known and not (session.is_hotspot and session.is_by_mac and -Mikrotik.RATE_LIMIT in changes)


Answering = Callable[[DynamicRequest], bytes | None]
