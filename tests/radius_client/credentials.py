"""How a router proves a password: each class turns one password into the attributes of one protocol.

A credential is called with the request's authenticator and the secret, because PAP hides the password with both
and CHAP may use the authenticator as its challenge.
"""

import hashlib
import os
from dataclasses import dataclass, field
from typing import Protocol

from tests.radius_client import mschap
from tests.radius_client.attributes import MICROSOFT, Attribute, Microsoft, Name, text, vendor


class Credential(Protocol):
    """What `access_request` takes as proof."""

    def __call__(self, authenticator: bytes, secret: bytes) -> list[Attribute]:
        """The attributes that carry the proof."""


@dataclass(frozen=True)
class Pap:
    """User-Password, hidden as in RFC 2865 section 5.2. Octets beyond 128 are not cut: tests send them."""

    password: bytes

    def __call__(self, authenticator: bytes, secret: bytes) -> list[Attribute]:
        return [(Name.USER_PASSWORD.value, hide(self.password, authenticator, secret))]


@dataclass(frozen=True)
class Chap:
    """CHAP-Password (RFC 2865 section 5.3); without `challenge` the authenticator serves as such."""

    password: bytes
    identifier: int = 1
    challenge: bytes | None = None

    def __call__(self, authenticator: bytes, secret: bytes) -> list[Attribute]:
        ident = bytes((self.identifier,))
        challenge = authenticator if self.challenge is None else self.challenge
        digest = hashlib.md5(ident + self.password + challenge, usedforsecurity=False).digest()
        proof = [(Name.CHAP_PASSWORD.value, ident + digest)]
        if self.challenge is not None:
            proof.append((Name.CHAP_CHALLENGE.value, self.challenge))
        return proof


@dataclass(frozen=True)
class MsChap1:
    """MS-CHAP version 1: MS-CHAP-Challenge and MS-CHAP-Response with the NT response (RFC 2548 section 2.1.3)."""

    password: str
    challenge: bytes = field(default_factory=lambda: os.urandom(8))
    identifier: int = 1

    def __call__(self, authenticator: bytes, secret: bytes) -> list[Attribute]:
        response = mschap.challenge_response(self.challenge, mschap.nt_hash(self.password))
        use_nt_response = 1
        value = bytes((self.identifier, use_nt_response)) + bytes(24) + response
        return [
            vendor(MICROSOFT, text(Microsoft.CHAP_CHALLENGE, self.challenge)),
            vendor(MICROSOFT, text(Microsoft.CHAP_RESPONSE, value)),
        ]


@dataclass(frozen=True)
class MsChap2:
    """MS-CHAP version 2: MS-CHAP-Challenge and MS-CHAP2-Response (RFC 2548 section 2.3.2).

    `user_name` is hashed in, octet for octet as it goes out in User-Name.
    """

    user_name: bytes
    password: str
    challenge: bytes = field(default_factory=lambda: os.urandom(16))
    peer_challenge: bytes = field(default_factory=lambda: os.urandom(16))
    identifier: int = 1

    @property
    def response(self) -> bytes:
        """The 24-octet NT-Response."""
        return mschap.nt_response(self.password, self.user_name, self.challenge, self.peer_challenge)

    @property
    def expected_success(self) -> bytes:
        """What MS-CHAP2-Success must hold: the identifier, then `S=` and 40 hexadecimal digits."""
        proof = mschap.authenticator_response(
            self.password, self.response, self.user_name, self.challenge, self.peer_challenge
        )
        return bytes((self.identifier,)) + proof

    def __call__(self, authenticator: bytes, secret: bytes) -> list[Attribute]:
        value = bytes((self.identifier, 0)) + self.peer_challenge + bytes(8) + self.response
        return [
            vendor(MICROSOFT, text(Microsoft.CHAP_CHALLENGE, self.challenge)),
            vendor(MICROSOFT, text(Microsoft.CHAP2_RESPONSE, value)),
        ]


def hide(password: bytes, authenticator: bytes, secret: bytes) -> bytes:
    """User-Password's octets: padded with NUL to 16 and chained through MD5 (RFC 2865 section 5.2)."""
    padded = password.ljust(max(16, -(-len(password) // 16) * 16), b"\0")
    hidden, last = b"", authenticator
    for start in range(0, len(padded), 16):
        pad = int.from_bytes(hashlib.md5(secret + last, usedforsecurity=False).digest(), "big")
        last = (pad ^ int.from_bytes(padded[start : start + 16], "big")).to_bytes(16, "big")
        hidden += last
    return hidden
