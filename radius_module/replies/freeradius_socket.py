"""FreeRADIUS' own UDP socket, for answers that this process sends by itself.

Accounting is answered once it is on the disk (docs/decisions/0033), most logins by their hook (0035). A device accepts
answers only from the address and port that it sent to.
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
        self._batches: dict[int, MessageBatch] = {}

    def is_there(self) -> bool:
        """Can anything be sent?"""
        return self._socket is not None or self._find()

    def fileno(self) -> int:
        """The socket's; -1 until it `is_there`."""
        return -1 if self._socket is None else self._socket.fileno()

    def use(self, link: socket.socket) -> None:
        """This socket, which the process itself or another one has found."""
        self._socket, self._names_source = link, ip_address(link.getsockname()[0]).is_unspecified
        self._batches.clear()

    def send(self, octets: bytes, reply_to: ReplyTo) -> bool:
        """Where `reply_to` says. False, and nothing more, if it could not be sent: devices ask again."""
        link = self._socket
        if link is None:
            return self._find() and self.send(octets, reply_to)
        try:
            if self._names_source:
                link.sendmsg([octets], [packet_info(reply_to.local)], socket.MSG_DONTWAIT, reply_to[:2])
            else:
                link.sendto(octets, socket.MSG_DONTWAIT, reply_to[:2])
        except OSError as error:
            log.debug("an answer to %s could not be sent: %s", reply_to.address, error)
            return False
        return True

    def send_many(self, length: int, answers: Sequence[tuple[bytes, ReplyTo]]) -> None:
        """As `send`, for answers of the same length."""
        link = self._socket
        if link is None:
            return
        batch = self._batches.get(length)
        if batch is None:
            batch = self._batches[length] = MessageBatch(link, length, names_source=self._names_source)
        at = 0
        while at < len(answers):
            try:
                at += batch.send([(octets, to[0], to[1], to[2]) for octets, to in answers[at : at + DEPTH]])
            except OSError:
                # One of them cannot be sent: sent alone, it does not hold up the others.
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
                link = socket.socket(fileno=os.dup(int(path.name)))
            except OSError:
                continue  # closed meanwhile
            if link.type == socket.SOCK_DGRAM and link.family != socket.AF_UNIX:
                port = link.getsockname()[1]
                if port == self._port:
                    self.use(link)
                    return True
            link.close()
        log.error("no socket of this process has port %d: nothing can be answered from it", self._port)
        return False
