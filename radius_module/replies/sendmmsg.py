"""Many answers of one length in one system call (sendmmsg): those that one commit of the spool allows to leave.

All that the kernel reads lies in blocks of memory that are laid out once: a cell for each datagram, with the address it
goes to, the one it leaves from, and its octets. To send is to fill cells and to make the call.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Sequence
from functools import lru_cache

_sendmmsg = ctypes.CDLL(None, use_errno=True).sendmmsg
_sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)

#: Datagrams of one call.
DEPTH = 128
#: struct mmsghdr of Linux in 64 bits: name, vectors, control, each with its length; flags; octets sent.
_HEADER = struct.Struct("@PI4xPNPNi4xI4x")
_VECTOR = struct.Struct("@PN")
#: Room for either kind of address, and for a struct cmsghdr with either kind of packet info.
_NAME, _CONTROL = 32, 40
_CONTROL_HEAD = struct.Struct("@Nii")
_IP_PKTINFO = 8

#: A datagram, the address and port it goes to, and our address that it leaves from.
Datagram = tuple[bytes, str, int, str]


def packet_info(local: str) -> tuple[int, int, bytes]:
    """Level, type and octets of the control message by which a datagram leaves from this address of ours."""
    if ":" in local:
        return socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, socket.inet_pton(socket.AF_INET6, local) + bytes(4)
    return socket.IPPROTO_IP, _IP_PKTINFO, bytes(4) + socket.inet_aton(local) + bytes(4)


class MessageBatch:
    """Datagrams of `length` octets from one socket; `names_source` where it has all addresses."""

    def __init__(self, link: socket.socket, length: int, *, names_source: bool) -> None:
        self._link, self._six, self._names_source = link, link.family == socket.AF_INET6, names_source
        stride = _NAME + _CONTROL + -(-length // 8) * 8
        self._padding = bytes(stride - _NAME - _CONTROL - length)
        self._cells = ctypes.create_string_buffer(DEPTH * stride)
        first = ctypes.addressof(self._cells)
        cells = range(first, first + DEPTH * stride, stride)
        self._vectors = ctypes.create_string_buffer(
            b"".join(_VECTOR.pack(cell + _NAME + _CONTROL, length) for cell in cells)
        )
        vector = ctypes.addressof(self._vectors)
        name = 28 if self._six else 16
        control = socket.CMSG_SPACE(20 if self._six else 12) if names_source else 0
        self._headers = ctypes.create_string_buffer(b"".join(
            _HEADER.pack(cell, name, vector + at * _VECTOR.size, 1, cell + _NAME if control else 0, control, 0, 0)
            for at, cell in enumerate(cells)
        ))  # fmt: skip
        self._first = ctypes.addressof(self._headers)

    def send(self, datagrams: Sequence[Datagram]) -> int:
        """How many of the first DEPTH were sent; the next one was not. Never waits. Raises OSError if none was."""
        six, names_source, padding = self._six, self._names_source, self._padding
        filled = padding.join(
            [_route(six, address, port, local if names_source else "") + octets
             for octets, address, port, local in datagrams[:DEPTH]]
        )  # fmt: skip
        ctypes.memmove(self._cells, filled, len(filled))
        sent: int = _sendmmsg(self._link.fileno(), self._first, min(DEPTH, len(datagrams)), socket.MSG_DONTWAIT)
        if sent < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        return sent


@lru_cache(4096)
def _route(six: bool, address: str, port: int, local: str) -> bytes:
    """struct sockaddr of the destination and struct cmsghdr of the source, each padded. Raises OSError."""
    if six:
        packed = socket.inet_pton(socket.AF_INET6, address)
        name = struct.pack("=H", socket.AF_INET6) + struct.pack(">HI16sI", port, 0, packed, 0)
    else:
        packed = socket.inet_pton(socket.AF_INET, address)
        name = struct.pack("=H", socket.AF_INET) + struct.pack(">H4s8x", port, packed)
    control = b""
    if local:
        level, kind, info = packet_info(local)
        control = _CONTROL_HEAD.pack(socket.CMSG_LEN(len(info)), level, kind) + info
    return name.ljust(_NAME, b"\0") + control.ljust(_CONTROL, b"\0")
