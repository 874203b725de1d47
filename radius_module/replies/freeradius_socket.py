"""FreeRADIUS' own UDP socket, for answers that this process sends by itself.

Accounting is answered once it is on the disk (docs/decisions/0033), most logins by their hook (0035). A router takes an
answer from nowhere but the address and port that it asked.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from stat import S_ISSOCK

from radius_module.packets.reply_to import ReplyTo
from radius_module.replies.sendmmsg import DEPTH, MessageBatch, packet_info

log = logging.getLogger(__name__)


class FreeradiusSocket:
    """The socket of this process that is bound to `port`; found at the first answer, for FreeRADIUS opens it late."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._names_source = False
        #: By the length of what they send.
        self._volleys: dict[int, MessageBatch] = {}

    def is_there(self) -> bool:
        """Can anything be sent?"""
        return self._socket is not None or self._find()

    def fileno(self) -> int:
        """Of the socket, which `is_there`; -1 if it is not."""
        return -1 if self._socket is None else self._socket.fileno()

    def be(self, found: socket.socket) -> None:
        """It is this one, which another process has found."""
        self._socket, self._names_source = found, ip_address(found.getsockname()[0]).is_unspecified
        self._volleys.clear()

    def send(self, octets: bytes, reply_to: ReplyTo) -> bool:
        """To whom the reply_to belongs. False, and no more, if it does not get away: routers ask again."""
        link = self._socket
        if link is None:
            return self._find() and self.send(octets, reply_to)
        try:
            if self._names_source:
                link.sendmsg([octets], [packet_info(reply_to.local)], socket.MSG_DONTWAIT, reply_to[:2])
            else:
                link.sendto(octets, socket.MSG_DONTWAIT, reply_to[:2])
        except OSError as wrong:
            log.debug("an answer to %s did not get away: %s", reply_to.address, wrong)
            return False
        return True

    def send_many(self, length: int, answers: Sequence[tuple[bytes, ReplyTo]]) -> None:
        """As `send`, for answers of the same length."""
        link = self._socket
        if link is None:
            return
        volley = self._volleys.get(length)
        if volley is None:
            volley = self._volleys[length] = MessageBatch(link, length, names_source=self._names_source)
        at = 0
        while at < len(answers):
            try:
                at += volley.send([(octets, to[0], to[1], to[2]) for octets, to in answers[at : at + DEPTH]])
            except OSError:
                # One of them cannot be sent; alone it does no harm to the others.
                self.send(*answers[at])
                at += 1

    def close(self) -> None:
        """Send no more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _find(self) -> bool:
        for path in Path("/proc/self/fd").iterdir():
            try:
                if not S_ISSOCK(os.fstat(int(path.name)).st_mode):
                    continue  # a second descriptor of a spool file would keep it on the disk
                found = socket.socket(fileno=os.dup(int(path.name)))
            except OSError:
                continue  # closed meanwhile
            if found.type == socket.SOCK_DGRAM and found.family != socket.AF_UNIX:
                port = found.getsockname()[1]
                if port == self._port:
                    self.be(found)
                    return True
            found.close()
        log.error("no socket of this process has port %d: nothing can be answered from it", self._port)
        return False
