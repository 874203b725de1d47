"""Accounting-Responses, sent from FreeRADIUS' own socket by whoever knows that a record is on the disk.

A hook that waited for the disk would need a thread of its own, and waking it costs more than all else that is done
for a packet. So hooks hand record and receipt to the spool and return "handled", which FreeRADIUS does not answer
(docs/decisions/0033-accounting-answers.md). A receipt that does not get away is no harm: the router asks again.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from hashlib import md5
from ipaddress import ip_address
from pathlib import Path
from stat import S_ISSOCK
from typing import NamedTuple

log = logging.getLogger(__name__)

PROXY_STATE = "Proxy-State"
_ACCOUNTING_RESPONSE = 5
_HEAD = struct.Struct(">BBH")
_BARE = 20
_IP_PKTINFO = 8


class Receipt(NamedTuple):
    """What a router waits for."""

    address: str
    port: int
    #: The address of ours that it was sent to.
    local: str
    identifier: int
    #: The Request Authenticator.
    authenticator: bytes
    #: Proxy-State attributes, whole; they go back as they came.
    proxy_states: bytes


def response(receipt: Receipt, secret: bytes) -> bytes:
    """The Accounting-Response (RFC 2866 section 4.2): no attributes, signed with the device's secret."""
    _, _, _, identifier, authenticator, states = receipt
    head = _HEAD.pack(_ACCOUNTING_RESPONSE, identifier, _BARE + len(states))
    return head + md5(head + authenticator + states + secret, usedforsecurity=False).digest() + states


class Receipts:
    """Sends receipts. `secrets`: source address → the secret with which FreeRADIUS has verified its requests."""

    def __init__(self, port: int, secrets: Mapping[str, bytes]) -> None:
        self._port, self._secrets = port, secrets
        self._socket: socket.socket | None = None
        self._names_source = False

    def send(self, receipts: Sequence[Receipt]) -> None:
        """To whom they belong. Never fails."""
        link = self._socket or self._take_socket()
        if link is None:
            return
        for receipt in receipts:
            secret = self._secrets.get(receipt.address)
            if secret is None:
                continue
            octets = response(receipt, secret)
            try:
                if self._names_source:
                    link.sendmsg([octets], [_source(receipt.local)], socket.MSG_DONTWAIT, receipt[:2])
                else:
                    link.sendto(octets, socket.MSG_DONTWAIT, receipt[:2])
            except OSError as wrong:
                log.debug("an answer to %s did not get away: %s", receipt.address, wrong)

    def close(self) -> None:
        """Send no more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _take_socket(self) -> socket.socket | None:
        """FreeRADIUS' socket, found among this process's; it opens it after it has set up its modules."""
        for path in Path("/proc/self/fd").iterdir():
            try:
                if not S_ISSOCK(os.fstat(int(path.name)).st_mode):
                    continue  # a second descriptor of a spool file would keep it on the disk
                found = socket.socket(fileno=os.dup(int(path.name)))
            except OSError:
                continue  # closed meanwhile
            if found.type == socket.SOCK_DGRAM and found.family != socket.AF_UNIX:
                host, port = found.getsockname()[:2]
                if port == self._port:
                    self._socket, self._names_source = found, ip_address(host).is_unspecified
                    return found
            found.close()
        log.error("no socket of this process has port %d: nothing can be answered", self._port)
        return None


def _source(local: str) -> tuple[int, int, bytes]:
    """Answer from the address that was asked, where the socket has them all."""
    if ":" in local:
        return socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, socket.inet_pton(socket.AF_INET6, local) + bytes(4)
    return socket.IPPROTO_IP, _IP_PKTINFO, bytes(4) + socket.inet_aton(local) + bytes(4)
