"""Many datagrams a system call: `sendmmsg` and `recvmmsg` of the C library through ctypes.

The generator shares its processors with the server it measures, so every packet and every header that describes
it is laid out in memory before the clock starts; sending a batch is then one call without any Python per packet.
"""

import ctypes
import os
import socket
import struct
from collections.abc import Sequence
from errno import EAGAIN, ECONNREFUSED, ENOBUFS

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
_LIBC.recvmmsg.argtypes = [*_LIBC.sendmmsg.argtypes, ctypes.c_void_p]
_IOVEC = struct.Struct("@PN")
# struct mmsghdr of 64-bit Linux: name, namelen, iov, iovlen, control, controllen, flags; received length.
_HEADER = struct.Struct("@PI4xPNPNi4xI4x")
_PASSING = (EAGAIN, ECONNREFUSED, ENOBUFS)
_NAME = 16  # octets of a struct sockaddr_in
_TIMERSLACK = 29


def address_of(buffer: bytearray) -> int:
    """Where the octets of `buffer` lie; it must neither move nor die while the address is used."""
    return ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))


def sharpen_timers() -> None:
    """Let this process' time-outs be exact to a microsecond instead of fifty (prctl PR_SET_TIMERSLACK)."""
    _LIBC.prctl(_TIMERSLACK, 1000, 0, 0, 0)


def client_socket(server: tuple[str, int], source: str = "127.0.0.1") -> socket.socket:
    """A connected, non-blocking socket with its own source port and, where allowed, a large buffer."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    try:
        sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE, for root only
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.connect(server)
    sock.setblocking(False)
    return sock


class Outbox:
    """Packets in one block of memory with a header for each, ready to be sent in runs."""

    def __init__(self, packets: Sequence[bytes]) -> None:
        self._octets = bytearray(b"".join(packets))
        self._view = memoryview(self._octets)
        self._bounds = [0]
        for packet in packets:
            self._bounds.append(self._bounds[-1] + len(packet))
        self._vectors = bytearray(_IOVEC.size * len(packets))
        self._headers = bytearray(_HEADER.size * len(packets))
        start, vectors = address_of(self._octets), address_of(self._vectors)
        self._first = address_of(self._headers)
        for index, packet in enumerate(packets):
            vector = index * _IOVEC.size
            _IOVEC.pack_into(self._vectors, vector, start + self._bounds[index], len(packet))
            _HEADER.pack_into(self._headers, index * _HEADER.size, 0, 0, vectors + vector, 1, 0, 0, 0, 0)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, index: int) -> bytes:
        return bytes(self._octets[self._bounds[index] : self._bounds[index + 1]])

    def send(self, sock: socket.socket, first: int, count: int) -> int:
        """Send packets `first … first + count - 1`; how many the kernel took."""
        header = self._first + first * _HEADER.size
        return _taken(_LIBC.sendmmsg(sock.fileno(), header, count, 0))

    def send_singly(self, sock: socket.socket, first: int, count: int) -> int:
        """The same with a system call for each packet, as routers send them."""
        for index in range(first, first + count):
            try:
                sock.send(self._view[self._bounds[index] : self._bounds[index + 1]])
            except OSError as error:
                if error.errno not in _PASSING:
                    raise
                return index - first
        return count


class Inbox:
    """Room for `depth` datagrams of up to `SIZE` octets, reused by every `receive`."""

    SIZE = 2048

    def __init__(self, depth: int = 128) -> None:
        self._depth = depth
        self.octets = bytearray(depth * self.SIZE)
        self._names = bytearray(depth * _NAME)
        self._vectors = bytearray(self._layout(self.SIZE))
        self._headers = bytearray(depth * _HEADER.size)
        self._first = address_of(self._headers)
        vector, name = address_of(self._vectors), address_of(self._names)
        for at in range(depth):
            fields = (name + at * _NAME, _NAME, vector + at * _IOVEC.size, 1, 0, 0, 0, 0)
            _HEADER.pack_into(self._headers, at * _HEADER.size, *fields)

    def receive(self, descriptor: int) -> int:
        """How many datagrams were waiting, at most `depth`; never blocks."""
        return _taken(_LIBC.recvmmsg(descriptor, self._first, self._depth, socket.MSG_DONTWAIT, None))

    def datagram(self, index: int) -> bytes:
        """The octets of the datagram at `index` of the last `receive`."""
        [length] = struct.unpack_from("@I", self._headers, index * _HEADER.size + 56)
        return bytes(self.octets[index * self.SIZE : index * self.SIZE + length])

    def answer(self, descriptor: int, count: int, length: int) -> None:
        """Send the first `length` octets of the last `count` datagrams back to their senders."""
        self._vectors[:] = self._layout(length)
        _taken(_LIBC.sendmmsg(descriptor, self._first, count, 0))
        self._vectors[:] = self._layout(self.SIZE)

    def _layout(self, length: int) -> bytes:
        start = address_of(self.octets)
        return b"".join(_IOVEC.pack(start + index * self.SIZE, length) for index in range(self._depth))


def _taken(count: int) -> int:
    if count >= 0:
        return count
    error = ctypes.get_errno()
    if error in _PASSING:
        return 0
    raise OSError(error, os.strerror(error))
