"""kill -9 of every part in turn while routers send: nothing acknowledged is lost, nothing is counted twice."""

from __future__ import annotations

import time

import pytest

from tests.fault.conftest import Breaker
from tests.fault.crowd import Crowd
from tests.radius_client import AcctStatus, Growth, accounting_attributes, accounting_request, exchange


def seconds_to_answer(crowd: Crowd, limit: float = 20.0) -> float:
    """From now to the first accounting answer; asked ten times a second, so that the asking adds little."""
    begun, probe = time.monotonic(), crowd.sessions[-1]
    probe.sent = Growth(probe.sent.seconds + 1, probe.sent.octets_in + 1, 0)
    attributes = accounting_attributes(probe.visit, AcctStatus.INTERIM_UPDATE, probe.sent, session_class=probe.klass)
    request = accounting_request(crowd.router.secret, attributes)
    answer = exchange(request, crowd.server, timeout=0.1, tries=int(limit * 10), source=(crowd.router.address, 0))
    assert answer is not None, f"no answer within {limit} s"
    probe.acked = probe.sent
    return time.monotonic() - begun


def kill_while_sending(crowd: Crowd, breaker: Breaker, rate: float, deaths: list[str], pause: float) -> None:
    crowd.start(rate)
    time.sleep(1)
    for part in deaths:
        breaker.kill(part)
        time.sleep(pause)
    time.sleep(1)
    crowd.stop()
    books = crowd.books()
    assert crowd.answered > 50
    assert books.right, books


def test_deaths_of_all_parts_lose_nothing(crowd: Crowd, breaker: Breaker) -> None:
    kill_while_sending(crowd, breaker, 150, ["acct", "writer", "postgres", "auth", "acct", "writer"], 2.0)


@pytest.mark.long
def test_twenty_deaths_of_freeradius(crowd: Crowd, breaker: Breaker) -> None:
    kill_while_sending(crowd, breaker, 500, ["acct", "auth"] * 20, 2.5)


@pytest.mark.long
def test_ten_deaths_of_postgresql_and_of_the_writer(crowd: Crowd, breaker: Breaker) -> None:
    kill_while_sending(crowd, breaker, 500, ["postgres", "writer"] * 10, 4.0)


@pytest.mark.long
def test_freeradius_answers_again_within_two_seconds(crowd: Crowd, breaker: Breaker) -> None:
    crowd.start(50)
    taken = []
    for _ in range(20):
        breaker.kill("acct")
        taken.append(seconds_to_answer(crowd))
        time.sleep(1)
    crowd.stop()
    assert max(taken) <= 2.0, taken
    books = crowd.books()
    assert books.right, books
