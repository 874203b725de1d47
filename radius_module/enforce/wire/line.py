"""One device's socket, and the requests on it that wait for an answer.

The socket is never connected: an answer may come from another address of the device. What counts is the right code,
identifier and authenticator, from an address that is the device's, in time.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import NamedTuple

from radius_module.enforce import coa
from radius_module.enforce.coa import Answer, Identity, Packet

Network = IPv4Network | IPv6Network

#: Seconds that a request waits for its answer; what comes later is not believed.
PATIENCE = 1.5
_IDENTIFIERS = 256
_LARGEST = 4096
#: Datagrams that are read before others get their turn.
_AT_ONCE = 256


class Device(NamedTuple):
    """Where a device listens, and what proves that an answer is its own."""

    isp_id: int
    id: int
    network: Network
    port: int
    secret: bytes


class Waiting(NamedTuple):
    """A request that has left and is not answered yet."""

    request_id: int
    packet: Packet
    until: float


class Outcome(NamedTuple):
    """What became of a request on the wire. Without an answer: `was_false` tells silence from answers not believed."""

    request_id: int
    answer: Answer | None
    was_false: bool = False


class Line:
    """Sends to one device; `listen` is the address that it sends from, or None for whatever the route says."""

    def __init__(self, device: Device, listen: str | None) -> None:
        self.device = device
        family = socket.AF_INET if device.network.version == 4 else socket.AF_INET6
        self.socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        if listen is not None and ip_address(listen).version == device.network.version:
            self.socket.bind((listen, 0))
        self._waiting: dict[int, Waiting] = {}
        self._false: set[int] = set()
        self._last = 0

    def close(self) -> None:
        self.socket.close()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def send(
        self, request_id: int, address: str, kind: str, identity: Identity, attributes: dict[str, str],
        clock: float, now: float,
    ) -> None:  # fmt: skip
        """Have a request leave. `clock` is the time of day for Event-Timestamp, `now` the monotonic one.

        Raises ValueError for what cannot be said in a packet and OSError where the network takes nothing.
        """
        identifier = self._free_identifier()
        packet = coa.encode(kind, identity, attributes, self.device.secret, identifier, clock)
        self._last = identifier
        self._waiting[identifier] = Waiting(request_id, packet, now + PATIENCE)
        try:
            self.socket.sendto(packet.octets, (address, self.device.port))
        except OSError:
            del self._waiting[identifier]
            raise

    def answers(self) -> Iterator[Outcome]:
        """Those that have arrived; whatever else has arrived is dropped."""
        for _ in range(_AT_ONCE):
            try:
                octets, source = self.socket.recvfrom(_LARGEST)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error of an earlier packet: as good as silence
            waiting = self._waiting.get(octets[1]) if len(octets) > 1 else None
            if waiting is None:
                continue
            answer = coa.read_answer(waiting.packet, octets)
            if answer is None or not self._is_the_devices(source[0]):
                self._false.add(octets[1])
                continue
            yield self._end(octets[1], answer)

    def overdue(self, now: float) -> Iterator[Outcome]:
        """Those that nobody waits for any longer."""
        for identifier in [key for key, waiting in self._waiting.items() if waiting.until <= now]:
            yield self._end(identifier, None)

    def next_deadline(self) -> float | None:
        """When the first of them is overdue."""
        return min((waiting.until for waiting in self._waiting.values()), default=None)

    def _end(self, identifier: int, answer: Answer | None) -> Outcome:
        waiting = self._waiting.pop(identifier)
        was_false = identifier in self._false
        self._false.discard(identifier)
        return Outcome(waiting.request_id, answer, was_false)

    def _free_identifier(self) -> int:
        """In turn, so that one is not used again before long: a device may remember its answer for seconds."""
        for step in range(1, _IDENTIFIERS + 1):
            identifier = (self._last + step) % _IDENTIFIERS
            if identifier not in self._waiting:
                return identifier
        raise OSError("no identifier is free")

    def _is_the_devices(self, source: str) -> bool:
        with suppress(ValueError):
            return ip_address(source.partition("%")[0]) in self.device.network
        return False
