"""The process that changes customers begins when it is told to, says when it is done, and is noticed when it dies."""

import os
import socket
import threading
import time

import pytest

from tests.bench.changer import Begin, Changed, Changer, is_refused
from tests.radius_client import Code


def _work(begin: Begin, seconds: float) -> Changed:
    begin()
    time.sleep(seconds)
    return Changed(7, in_force=seconds)


def _die(begin: Begin) -> Changed:
    begin()
    os._exit(1)


def test_it_begins_when_it_is_told_to_and_says_when_it_is_done() -> None:
    changer = Changer(_work, 0.2)
    time.sleep(0.3)
    changer.start()
    assert not changer.done()
    assert changer.finish() == Changed(7, in_force=0.2)


def test_who_waits_until_it_is_prepared_may_start_it_later() -> None:
    changer = Changer(_work, 0.1)
    changer.wait()
    assert not changer.done()
    changer.start()
    assert changer.finish() == Changed(7, in_force=0.1)


def test_its_death_ends_the_run() -> None:
    changer = Changer(_die)
    changer.start()
    with pytest.raises(EOFError):
        changer.finish()


@pytest.mark.parametrize(("code", "refused"), [(Code.ACCESS_REJECT, True), (Code.ACCESS_ACCEPT, False)])
def test_only_a_reject_is_a_refusal(code: Code, refused: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        sources: list[str] = []

        def answer() -> None:
            octets, sender = sock.recvfrom(4096)
            sources.append(sender[0])
            sock.sendto(bytes((code, octets[1], 0, 20)) + bytes(16), sender)

        thread = threading.Thread(target=answer)
        thread.start()
        assert is_refused(3, sock.getsockname(), "127.0.0.5") is refused
        thread.join()
    assert sources == ["127.0.0.5"]
