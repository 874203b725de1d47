"""Packets from addresses that no router has, sent by a process of its own: the login generator is not held up."""

import ipaddress
import multiprocessing
import socket
import struct
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tests.bench.datagrams import sharpen_timers
from tests.bench.population import Subscriber
from tests.radius_client import Pap, access_attributes, access_request

# Loopback addresses from here on, a new one for each packet; no device of the bench lies there.
_FIRST = int(ipaddress.IPv4Address("127.64.0.1"))
_SECRET = b"a secret that nobody has given out"
_PKTINFO = struct.Struct("=I4s4s")
_IP_PKTINFO = 8


@dataclass(frozen=True)
class Sent:
    """What the process did; `cpu` is the processor time that it took, in seconds."""

    packets: int
    seconds: float
    cpu: float


class Strangers:
    """`count` Access-Requests at a rate. They are built at once and leave from `start` on."""

    def __init__(self, server: tuple[str, int], per_second: float, count: int, first: int = 0) -> None:
        context = multiprocessing.get_context("fork")
        self._ours, theirs = context.Pipe()
        arguments = (theirs, server, per_second, count, first)
        self._process = context.Process(target=_run, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        # Until all packets are built.
        self._ours.recv()

    def start(self) -> None:
        """Begin to send."""
        self._ours.send(None)

    def finish(self) -> Sent:
        """Wait until all have left."""
        sent: Sent = self._ours.recv()
        self._process.join()
        return sent


def packet(number: int) -> bytes:
    """The Access-Request of the stranger with that number."""
    who = Subscriber(number)
    attributes = access_attributes(who.visit(f"82{number % 2**24:06x}"))
    return access_request(_SECRET, attributes, Pap(who.password.encode()), identifier=number % 256).octets


def _run(report: Connection, server: tuple[str, int], per_second: float, count: int, first: int) -> None:
    packets = [packet(first + at) for at in range(count)]
    sharpen_timers()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        report.send(None)
        report.recv()
        begun, cpu = time.perf_counter(), time.process_time()
        for at, octets in enumerate(packets):
            if (early := begun + at / per_second - time.perf_counter()) > 0:
                time.sleep(early)
            source = (_FIRST + first + at).to_bytes(4, "big")
            sock.sendmsg([octets], [(socket.IPPROTO_IP, _IP_PKTINFO, _PKTINFO.pack(0, source, bytes(4)))], 0, server)
        report.send(Sent(count, time.perf_counter() - begun, time.process_time() - cpu))
