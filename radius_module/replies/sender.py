"""Answers to logins that this process signs and sends by itself, at once or later (docs/decisions/0035).

FreeRADIUS has verified the request, with the secret that we gave it. What cannot be sent here is left to it.
"""

from __future__ import annotations

from hashlib import md5

from radius_module.packets.reply_to import HEAD, ReplyTo
from radius_module.replies.delayed import DelayedReplies
from radius_module.replies.freeradius_socket import FreeradiusSocket

_ACCEPT, _REJECT = 2, 3
#: Code, identifier, length, authenticator; and Message-Authenticator, which comes first (RFC 3579 section 3.2).
_BARE = 20 + 18
_SIGNATURE = b"\x50\x12"
_UNSIGNED = _SIGNATURE + bytes(16)
_HMAC_BLOCK = 64


class Signer:
    """Signs answers to one device."""

    __slots__ = ("_inner", "_outer", "_secret")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        # HMAC-MD5 (RFC 2104), whose first block is always the same: the rest takes a third of the time of hmac.digest.
        short = md5(secret, usedforsecurity=False).digest() if len(secret) > _HMAC_BLOCK else secret
        key = short.ljust(_HMAC_BLOCK, b"\0")
        self._inner = md5(bytes(octet ^ 0x36 for octet in key), usedforsecurity=False)
        self._outer = md5(bytes(octet ^ 0x5C for octet in key), usedforsecurity=False)

    def answer(self, code: int, reply_to: ReplyTo, attributes: bytes) -> bytes:
        """The whole packet, with Message-Authenticator and Response Authenticator (RFC 2865 section 3)."""
        identifier, authenticator, states = reply_to[3:6]
        attributes += states
        head = HEAD.pack(code, identifier, _BARE + len(attributes))
        asked = head + authenticator
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(asked + _UNSIGNED + attributes)
        outer.update(inner.digest())
        attributes = _SIGNATURE + outer.digest() + attributes
        return head + md5(asked + attributes + self._secret, usedforsecurity=False).digest() + attributes


class Sender:
    """Sends to devices whose requests FreeRADIUS has verified."""

    def __init__(self, port: int) -> None:
        self._link = FreeradiusSocket(port)
        self._delayed = DelayedReplies(self._link)
        self._signers: dict[int, Signer] = {}

    def sign_for(self, device_id: int, secret: str) -> None:
        """Sign answers to a device with this secret, from now on."""
        self._signers[device_id] = Signer(secret.encode())

    def accept(self, reply_to: ReplyTo, attributes: bytes) -> bytes | None:
        """The Access-Accept that was sent; None if it could not be."""
        signer = self._signers.get(reply_to.device_id)
        if signer is None:
            return None
        octets = signer.answer(_ACCEPT, reply_to, attributes)
        return octets if self._link.send(octets, reply_to) else None

    def reject(self, reply_to: ReplyTo, attributes: bytes, delay: float) -> bytes | None:
        """The Access-Reject that will leave in `delay` seconds; None where its secret is not known."""
        signer = self._signers.get(reply_to.device_id)
        if signer is None:
            return None
        octets = signer.answer(_REJECT, reply_to, attributes)
        self._delayed.send(octets, reply_to, delay)
        return octets

    def again(self, reply_to: ReplyTo, octets: bytes) -> None:
        """The same packet once more."""
        self._link.send(octets, reply_to)

    def close(self) -> None:
        """Send no more."""
        self._delayed.close()
        self._link.close()
