"""kill -9 of every part in turn while routers send: nothing acknowledged is lost, nothing is counted twice."""

from __future__ import annotations

import time

import pytest

from tests.fault.conftest import Breaker
from tests.fault.crowd import Crowd
from tests.radius_client import AcctStatus, Growth


def seconds_to_answer(crowd: Crowd, limit: float = 20.0) -> float:
    """From now to the first accounting answer, with a session of its own."""
    begun, probe = time.monotonic(), crowd.sessions[-1]
    while time.monotonic() - begun < limit:
        if crowd.send(probe, Growth(probe.sent.seconds + 1, probe.sent.octets_in + 1, 0), AcctStatus.INTERIM_UPDATE):
            return time.monotonic() - begun
    raise AssertionError(f"no answer within {limit} s")


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
    for _ in range(20):
        breaker.kill("acct")
        assert seconds_to_answer(crowd) <= 2.0
        time.sleep(1)
    assert crowd.books().right
