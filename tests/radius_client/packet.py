"""Requests as wire octets: header, attributes, authenticators. Right by default, wrong only when asked."""

import hashlib
import hmac
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from tests.radius_client.attributes import Attribute, Code, Name, encode
from tests.radius_client.credentials import Credential

_SEAL = bytes((Name.MESSAGE_AUTHENTICATOR, 18))
_HEADER = struct.Struct("!BBH")


class Integrity(Enum):
    """What is done about Message-Authenticator (RFC 2869 section 5.14)."""

    VALID = "valid"
    ABSENT = "absent"
    FALSE = "false"


@dataclass(frozen=True)
class Request:
    """Octets to send, and what is needed to judge the answer."""

    octets: bytes
    secret: bytes

    @property
    def identifier(self) -> int:
        """The octet that pairs request and reply."""
        return self.octets[1]

    @property
    def authenticator(self) -> bytes:
        """The 16 octets that the reply's own authenticator must be made from."""
        return self.octets[4:20]


def access_request(
    secret: bytes,
    attributes: Iterable[Attribute],
    credential: Credential | None = None,
    *,
    identifier: int = 0,
    authenticator: bytes | None = None,
    integrity: Integrity = Integrity.VALID,
    raw: bytes = b"",
) -> Request:
    """An Access-Request; Message-Authenticator goes first, as routers with BlastRADIUS fixes send it.

    `raw` octets are appended after the attributes as they are, whatever they are.
    """
    authenticator = os.urandom(16) if authenticator is None else authenticator
    proof = credential(authenticator, secret) if credential else []
    body = encode([*attributes, *proof]) + raw
    return Request(_sealed(Code.ACCESS_REQUEST, identifier, authenticator, body, secret, integrity), secret)


def status_request(secret: bytes, *, identifier: int = 0) -> Request:
    """A Status-Server (RFC 5997)."""
    octets = _sealed(Code.STATUS_SERVER, identifier, os.urandom(16), b"", secret, Integrity.VALID)
    return Request(octets, secret)


def accounting_request(
    secret: bytes,
    attributes: Iterable[Attribute],
    *,
    identifier: int = 0,
    integrity: Integrity = Integrity.ABSENT,
    false_authenticator: bool = False,
    raw: bytes = b"",
) -> Request:
    """An Accounting-Request; its authenticator is the MD5 over the packet (RFC 2866 section 3)."""
    body = encode(attributes) + raw
    octets = _sealed(Code.ACCOUNTING_REQUEST, identifier, bytes(16), body, secret, integrity)
    digest = hashlib.md5(octets + secret, usedforsecurity=False).digest()
    if false_authenticator:
        digest = bytes(octet ^ 0xFF for octet in digest)
    return Request(octets[:4] + digest + octets[20:], secret)


def _sealed(
    code: int, identifier: int, authenticator: bytes, body: bytes, secret: bytes, integrity: Integrity
) -> bytes:
    """The packet with Message-Authenticator as its first attribute, unless it is to be absent."""
    if integrity is Integrity.ABSENT:
        return _HEADER.pack(code, identifier, 20 + len(body)) + authenticator + body
    head = _HEADER.pack(code, identifier, 38 + len(body)) + authenticator + _SEAL
    seal = hmac.digest(secret, head + bytes(16) + body, "md5")
    if integrity is Integrity.FALSE:
        seal = bytes(octet ^ 0xFF for octet in seal)
    return head + seal + body
