"""One TCP connection to a router's own API: its certificate, its deadline, and bounds on what is read."""

from __future__ import annotations

import hashlib
import socket
import ssl
import time
from contextlib import suppress
from typing import NamedTuple

#: Octets of everything that a router says on one connection.
_LARGEST = 1 << 26


class Access(NamedTuple):
    """How one router is reached. `address` has been checked, and is never a name."""

    address: str
    port: int
    username: str
    password: str
    is_tls: bool
    #: SHA-256 of the certificate, hex digits; without one nothing is said to the router.
    fingerprint: str | None


class RouterError(Exception):
    """`code` is for programs, the text for people; neither holds a password."""

    def __init__(self, code: str, text: str = "", fingerprint: str | None = None) -> None:
        super().__init__(text or code)
        self.code, self.fingerprint = code, fingerprint


class RouterLink:
    """Raises RouterError everywhere."""

    def __init__(self, access: Access, until: float) -> None:
        """`until`: monotonic seconds at which everything must be over."""
        self._link, self._until, self._room = _connected(access, until), until, _LARGEST
        self._has_heard = False

    def write(self, data: bytes) -> None:
        self._link.settimeout(self._seconds())
        try:
            self._link.sendall(data)
        except TimeoutError:
            raise self._late() from None

    def read(self, length: int) -> bytes:
        self._room -= length
        if self._room < 0:
            raise not_routeros()
        data = bytearray()
        while len(data) < length:
            self._link.settimeout(self._seconds())
            try:
                octets = self._link.recv(length - len(data))
            except TimeoutError:
                raise self._late() from None
            if not octets:
                code = "no_answer" if self._has_heard else "not_routeros"
                raise RouterError(code, "The router closed the connection.")
            self._has_heard = True
            data += octets
        return bytes(data)

    def close(self) -> None:
        with suppress(OSError):
            self._link.close()

    def _seconds(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise self._late()
        return left

    def _late(self) -> RouterError:
        if self._has_heard:
            return RouterError("too_slow", "The router answers too slowly.")
        return RouterError("no_answer", "The router accepts connections and says nothing.")


def _connected(access: Access, until: float) -> socket.socket:
    """A socket to the router, with the certificate that is expected of it. Raises RouterError."""
    try:
        link = socket.create_connection((access.address, access.port), max(0.001, until - time.monotonic()))
    except ConnectionRefusedError:
        raise RouterError("refused", f"Nothing listens on port {access.port}.") from None
    except OSError as silent:
        raise RouterError("no_answer", f"No connection: {silent.strerror or 'no answer'}.") from None
    if not access.is_tls:
        return link
    try:
        return _secured(link, access.fingerprint, until)
    except BaseException:
        link.close()
        raise


def _secured(link: socket.socket, fingerprint: str | None, until: float) -> ssl.SSLSocket:
    """Routers sign their certificates themselves: what proves one is the fingerprint that was pinned."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    link.settimeout(max(0.001, until - time.monotonic()))
    try:
        secured = context.wrap_socket(link)
    except TimeoutError:
        raise RouterError("no_answer", "The router accepts connections and says nothing.") from None
    except OSError:  # ssl.SSLError is one
        raise RouterError("tls_failed", "TLS could not be agreed on: does api-ssl have a certificate?") from None
    certificate = secured.getpeercert(binary_form=True)
    shown = hashlib.sha256(certificate or b"").hexdigest()
    if shown != fingerprint:
        secured.close()
        text = "Its certificate is not the pinned one." if fingerprint else "Its certificate has not been pinned yet."
        raise RouterError("certificate_unknown", text, shown)
    return secured


def not_routeros() -> RouterError:
    return RouterError("not_routeros", "What answers there does not speak the RouterOS API.")
