"""Strangers come each from an address of its own, at the rate and in the number that was asked for."""

import socket

import pytest

from tests.bench.strangers import Strangers
from tests.radius_client import Code, decode


def test_each_stranger_is_another_address_and_another_packet() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(2)
        crowd = Strangers(sock.getsockname(), 1000, 200, first=300)
        crowd.start()
        heard = [sock.recvfrom(4096) for _ in range(200)]
        sent = crowd.finish()
    assert len({source for _, (source, _port) in heard}) == len({octets for octets, _ in heard}) == 200
    assert heard[0][1][0] == "127.64.1.45"
    assert all(decode(octets).code == Code.ACCESS_REQUEST for octets, _ in heard)
    assert sent.packets == 200 and sent.seconds == pytest.approx(0.2, abs=0.15) and sent.cpu > 0


def test_a_sender_that_dies_is_noticed() -> None:
    crowd = Strangers(("no address", 1), 1000, 1)
    crowd.start()
    with pytest.raises(EOFError):
        crowd.finish()
