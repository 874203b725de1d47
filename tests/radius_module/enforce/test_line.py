"""One socket a device: which answers are believed, from whom, and until when."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from radius_module.enforce.coa import DISCONNECT, Answer, Identity
from radius_module.enforce.wire.line import PATIENCE, Device, Line, Outcome
from tests.radius_client.dynamic import answer, read_request

SECRET = b"a secret of some length"
PLACE = "127.9.9.1"
WHO = Identity(b"john", b"81f00001")


class Peer:
    """The device's side."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((PLACE, 0))
        self.socket.settimeout(2)

    def take(self) -> tuple[bytes, tuple[str, int]]:
        return self.socket.recvfrom(4096)

    def answer(self, octets: bytes, to: tuple[str, int], secret: bytes = SECRET) -> None:
        self.socket.sendto(answer(self.read(octets), secret), to)

    @staticmethod
    def read(octets: bytes) -> object:
        request = read_request(octets, SECRET)
        assert request is not None
        return request


@pytest.fixture
def peer() -> Iterator[Peer]:
    one = Peer()
    yield one
    one.socket.close()


@pytest.fixture
def line(peer: Peer) -> Iterator[Line]:
    port = peer.socket.getsockname()[1]
    one = Line(Device(1, 2, ip_network(f"{PLACE}/32"), port, SECRET), "127.0.0.1")
    yield one
    one.close()


def send(line: Line, number: int = 1, now: float = 0.0) -> None:
    line.send(number, PLACE, DISCONNECT, WHO, {}, time.time(), now)


def arrived(line: Line, seconds: float = 0.5) -> list[Outcome]:
    until, outcomes = time.monotonic() + seconds, []
    while not outcomes and time.monotonic() < until:
        outcomes = list(line.answers())
        time.sleep(0.005)
    return outcomes


def test_it_sends_from_where_radius_listens(line: Line, peer: Peer) -> None:
    send(line)
    assert peer.take()[1][0] == "127.0.0.1"


def test_an_answer_ends_the_waiting_and_counts_once(line: Line, peer: Peer) -> None:
    send(line, 5)
    octets, source = peer.take()
    peer.answer(octets, source)
    peer.answer(octets, source)
    assert arrived(line) == [Outcome(5, Answer(True, None))]
    assert arrived(line, 0.1) == [] and line.waiting == 0


def test_an_answer_from_an_address_that_is_not_the_devices_is_not_believed(line: Line, peer: Peer) -> None:
    send(line)
    octets, source = peer.take()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.9.9.2", 0))
        other.sendto(answer(Peer.read(octets), SECRET), source)  # type: ignore[arg-type]
    assert arrived(line, 0.2) == [] and line.waiting == 1
    assert list(line.overdue(PATIENCE)) == [Outcome(1, None, was_false=True)]


def test_a_device_that_is_a_network_may_answer_from_any_of_its_addresses(peer: Peer) -> None:
    wide = Line(Device(1, 2, ip_network("127.9.9.0/24"), peer.socket.getsockname()[1], SECRET), "127.0.0.1")
    send(wide)
    octets, source = peer.take()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.9.9.2", 0))
        other.sendto(answer(Peer.read(octets), SECRET), source)  # type: ignore[arg-type]
    assert arrived(wide) == [Outcome(1, Answer(True, None))]
    wide.close()


def test_a_forged_answer_leaves_the_request_waiting_for_the_right_one(line: Line, peer: Peer) -> None:
    send(line)
    octets, source = peer.take()
    peer.answer(octets, source, b"guessed")
    assert arrived(line, 0.2) == []
    peer.answer(octets, source)
    assert arrived(line) == [Outcome(1, Answer(True, None), was_false=True)]


def test_a_late_answer_is_not_believed(line: Line, peer: Peer) -> None:
    send(line, now=100.0)
    octets, source = peer.take()
    assert list(line.overdue(100.0 + PATIENCE - 0.01)) == []
    assert list(line.overdue(100.0 + PATIENCE)) == [Outcome(1, None)]
    peer.answer(octets, source)
    assert arrived(line, 0.2) == []


def test_identifiers_are_used_in_turn(line: Line, peer: Peer) -> None:
    seen = []
    for number in range(300):
        send(line, number)
        octets, source = peer.take()
        seen.append(octets[1])
        peer.answer(octets, source)
        assert len(arrived(line)) == 1
    assert len(set(seen[:256])) == 256


def test_a_closed_port_is_silence(line: Line, peer: Peer) -> None:
    peer.socket.close()
    for number in range(3):
        send(line, number)
        assert arrived(line, 0.05) == []
    assert [outcome.answer for outcome in line.overdue(PATIENCE)] == [None] * 3
