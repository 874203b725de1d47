"""Accounting-Responses, sent from FreeRADIUS' own socket by whoever knows that a record is on the disk.

A hook that waited for the disk would need a thread of its own, and waking it costs more than all else that is done
for a packet. So hooks hand record and receipt over and return "handled", which FreeRADIUS does not answer
(docs/decisions/0033-accounting-answers.md). A receipt that does not get away is no harm: the router asks again.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from hashlib import md5

from radius_module.packets.reply_to import Receipt
from radius_module.replies.freeradius_socket import OwnSocket

_ACCOUNTING_RESPONSE = 5
_HEAD = struct.Struct(">BBH")
_BARE = 20


def response(receipt: Receipt, secret: bytes) -> bytes:
    """The Accounting-Response (RFC 2866 section 4.2): no attributes, signed with the device's secret."""
    _, _, _, identifier, authenticator, states = receipt
    head = _HEAD.pack(_ACCOUNTING_RESPONSE, identifier, _BARE + len(states))
    return head + md5(head + authenticator + states + secret, usedforsecurity=False).digest() + states


class Receipts:
    """Sends receipts. `secrets`: source address → the secret with which FreeRADIUS has verified its requests."""

    def __init__(self, link: OwnSocket, secrets: Mapping[str, bytes]) -> None:
        self._link, self._secrets = link, secrets

    def send(self, receipts: Sequence[Receipt]) -> None:
        """To whom they belong. Never fails."""
        if not self._link.is_there():
            return
        bare: list[tuple[bytes, Receipt]] = []
        for receipt in receipts:
            secret = self._secrets.get(receipt.address)
            if secret is None:
                continue
            answer = response(receipt, secret), receipt
            if receipt.proxy_states:
                self._link.send(*answer)
            else:
                bare.append(answer)
        self._link.send_many(_BARE, bare)

    def close(self) -> None:
        """Send no more."""
        self._link.close()
