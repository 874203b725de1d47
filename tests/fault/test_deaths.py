"""kill -9 of every part in turn while routers send: nothing acknowledged is lost, nothing is counted twice."""

from __future__ import annotations

import time

import pytest

from tests.fault.breaker import STORE_PROCESS
from tests.fault.deaths import Deaths
from tests.support.machine import machine


def kill_while_sending(deaths: Deaths, rate: float, parts: list[str], pause: float, slower: float = 1) -> None:
    """Each of the parts in turn; `pause`: seconds of peace before each death."""
    crowd = deaths.crowd
    crowd.start(rate)
    for part in parts:
        time.sleep(pause)
        deaths.kill(part)
    time.sleep(pause)
    crowd.stop()
    books = crowd.books()
    assert crowd.answered > rate * pause * len(parts) * 0.7
    assert books.right, books
    print("away:", deaths.away)  # noqa: T201  # pytest shows it with -s, and of a test that fails
    assert deaths.late(slower) == []


def test_deaths_of_all_parts_lose_nothing(deaths: Deaths) -> None:
    kill_while_sending(deaths, 150, ["acct", "writer", "postgres", "auth", STORE_PROCESS, "writer"], 1.2, machine())


@pytest.mark.long
def test_twenty_deaths_of_freeradius(deaths: Deaths) -> None:
    kill_while_sending(deaths, 500, ["acct", "auth"] * 20, 1.5)


@pytest.mark.long
def test_ten_deaths_of_the_process_that_stores(deaths: Deaths) -> None:
    kill_while_sending(deaths, 500, [STORE_PROCESS] * 10, 1.5)


@pytest.mark.long
def test_ten_deaths_of_postgresql_and_of_the_writer(deaths: Deaths) -> None:
    kill_while_sending(deaths, 500, ["postgres", "writer"] * 10, 3.0)
    assert (deaths.crowd.unanswered, deaths.crowd.sent_again) == (0, 0), "no router notices"
