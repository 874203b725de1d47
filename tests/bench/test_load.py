"""The load generator against servers whose behaviour is known: what it reports must be what happened."""

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.bench.datagrams import Outbox
from tests.bench.echo import ceiling
from tests.bench.load import IDENTIFIERS, Stream, drive
from tests.bench.result import Rate, Window
from tests.radius_client import Code, accounting_request

SECRET = b"secret"
Answer = Callable[[bytes], bytes | None]


def right(octets: bytes) -> bytes:
    """An Accounting-Response with a right authenticator."""
    head = bytes((Code.ACCOUNTING_RESPONSE, octets[1], 0, 20))
    return head + hashlib.md5(head + octets[4:20] + SECRET, usedforsecurity=False).digest()


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, int]]:
    """A UDP server in a thread that answers each datagram with `answer` of it, or not at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.05)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    octets, sender = sock.recvfrom(4096)
                except TimeoutError:
                    continue
                if (reply := answer(octets)) is not None:
                    sock.sendto(reply, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()
        finally:
            done.set()
            thread.join()


def packets(count: int) -> list[bytes]:
    """Distinct accounting requests, as the generator wants them."""
    return [
        accounting_request(SECRET, [(44, str(at).encode())], identifier=at % IDENTIFIERS).octets for at in range(count)
    ]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 255, 256, 257, 3000])
def test_every_packet_is_sent_once_and_every_answer_counted(count: int) -> None:
    seen: list[bytes] = []

    def answer(octets: bytes) -> bytes:
        seen.append(octets)
        return right(octets)

    with server(answer) as address:
        stream = Stream(packets(count), SECRET, address, Window(64), Code.ACCOUNTING_RESPONSE, sample_every=1)
        [result] = drive([stream], 20)
    assert sorted(seen) == sorted(packets(count))
    assert (result.answered, result.lost, result.unexpected, result.wrong) == (count, 0, 0, 0)
    assert (result.verified, result.bad_replies) == (count, [])
    assert sorted(stream.replies) == list(range(count))


def test_false_authenticators_and_wrong_codes_are_seen() -> None:
    with server(lambda octets: right(octets)[:-1] + b"\0") as address:
        stream = Stream(packets(300), SECRET, address, Window(8), Code.ACCOUNTING_RESPONSE, sample_every=1)
        [result] = drive([stream], 20)
    assert len(result.bad_replies) + result.verified == 300 and len(result.bad_replies) > 290
    with server(right) as address:
        [result] = drive([Stream(packets(300), SECRET, address, Window(8), Code.ACCESS_ACCEPT)], 20)
    assert result.wrong == 300 and result.rate == 0


def test_what_is_not_answered_is_lost_and_does_not_hold_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.load.LOST_AFTER", 0.2)
    with server(lambda octets: None if octets[1] % 2 else right(octets)) as address:
        stream = Stream(packets(200), SECRET, address, Window(64), Code.ACCOUNTING_RESPONSE)
        [result] = drive([stream], 20)
    assert (result.answered, result.lost) == (100, 100)


def test_an_open_loop_keeps_its_rate_and_counts_latency_from_the_schedule() -> None:
    def stalled(octets: bytes, stall: list[float] = [0.3]) -> bytes:  # noqa: B006 - once, on purpose
        time.sleep(stall.pop() if stall else 0)
        return right(octets)

    with server(stalled) as address:
        [result] = drive([Stream(packets(500), SECRET, address, Rate(500), Code.ACCOUNTING_RESPONSE)], 20)
    assert result.answered == 500 and result.lost == 0
    assert result.seconds > 0.9
    waited = sum(1 for latency in result.latencies if latency > 0.05)
    assert waited > 100  # 0.3 s of the schedule, all but its last 0.05 s, though the server slept only once


def test_a_repeated_packet_is_noticed() -> None:
    pool = packets(IDENTIFIERS)
    with server(right) as address:
        stream = Stream([*pool, *pool[:3]], SECRET, address, Window(8), Code.ACCOUNTING_RESPONSE)
        [result] = drive([stream], 20)
    assert (result.sent, result.arrived, result.repeated) == (IDENTIFIERS + 3, IDENTIFIERS + 3, 3)


@pytest.mark.parametrize("pace", [Window(1), Window(64), Rate(2000)])
@pytest.mark.parametrize("bursts", [False, True])
def test_packets_sent_singly_are_a_system_call_each(
    monkeypatch: pytest.MonkeyPatch, pace: Window | Rate, bursts: bool
) -> None:
    runs: list[int] = []
    send, singly = Outbox.send, Outbox.send_singly

    def noted(self: Outbox, sock: socket.socket, first: int, count: int) -> int:
        runs.append(count)
        return send(self, sock, first, count)

    def noted_singly(self: Outbox, sock: socket.socket, first: int, count: int) -> int:
        runs.extend([1] * count)
        return singly(self, sock, first, count)

    monkeypatch.setattr(Outbox, "send", noted)
    monkeypatch.setattr(Outbox, "send_singly", noted_singly)
    with server(right) as address:
        [result] = drive([Stream(packets(600), SECRET, address, pace, Code.ACCOUNTING_RESPONSE, bursts=bursts)], 20)
    assert result.arrived == sum(runs) == 600 and result.lost == 0
    assert bursts or len(runs) == 600


def test_a_stream_has_the_source_address_that_it_is_given() -> None:
    sources: set[str] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(2)
        stream = Stream(packets(1), SECRET, sock.getsockname(), Window(1), Code.ACCOUNTING_RESPONSE, source="127.9.8.7")
        stream.send(time.perf_counter())
        sources.add(sock.recvfrom(4096)[1][0])
        stream.close()
    assert sources == {"127.9.8.7"}


def test_a_run_ends_when_what_it_waits_for_has_happened() -> None:
    looks: list[float] = []

    def half_a_second_later() -> bool:
        looks.append(time.monotonic())
        return looks[-1] > looks[0] + 0.5

    with server(right) as address:
        stream = Stream(packets(5000), SECRET, address, Rate(500), Code.ACCOUNTING_RESPONSE)
        [result] = drive([stream], 10, until=half_a_second_later)
    assert 0.4 < result.seconds < 2 and result.arrived == result.sent < 1000


def test_the_generator_alone_is_faster_than_any_server_here() -> None:
    result = ceiling(seconds=0.3)
    assert result.lost == result.unexpected == result.wrong == 0 and result.answered > 1000
