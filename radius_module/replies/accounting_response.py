"""Accounting-Responses, sent from FreeRADIUS' own socket by the process that knows that a record is on the disk.

A hook that waited for the disk would need a thread of its own, and waking it costs more than all else that is done
for a packet. So hooks hand record and ReplyTo over and return "handled", which FreeRADIUS does not answer
(docs/decisions/0033-accounting-answers.md). An answer that cannot be sent does no harm: the device asks again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import md5

from radius_module.packets.reply_to import HEAD, ReplyTo
from radius_module.replies.freeradius_socket import FreeradiusSocket

_ACCOUNTING_RESPONSE = 5
_BARE = 20


def response(reply_to: ReplyTo, secret: bytes) -> bytes:
    """The Accounting-Response (RFC 2866 section 4.2): no attributes, signed with the device's secret."""
    identifier, authenticator, states = reply_to[3:6]
    head = HEAD.pack(_ACCOUNTING_RESPONSE, identifier, _BARE + len(states))
    return head + md5(head + authenticator + states + secret, usedforsecurity=False).digest() + states


class PendingResponses:
    """Sends answers. `secrets`: device → the secret with which FreeRADIUS has verified its requests."""

    def __init__(self, link: FreeradiusSocket, secrets: Mapping[int, bytes]) -> None:
        self._link, self._secrets = link, secrets

    def send(self, replies: Sequence[ReplyTo]) -> None:
        """The answers to these requests. Never fails."""
        if not self._link.is_there():
            return
        bare: list[tuple[bytes, ReplyTo]] = []
        for reply_to in replies:
            secret = self._secrets.get(reply_to.device_id)
            if secret is None:
                continue
            answer = response(reply_to, secret), reply_to
            if reply_to.proxy_states:
                self._link.send(*answer)
            else:
                bare.append(answer)
        self._link.send_many(_BARE, bare)

    def close(self) -> None:
        """Send no more."""
        self._link.close()
