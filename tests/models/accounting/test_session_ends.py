"""The books: what ends a session, and what opens it again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from models.accounting.records import ROUTER_REBOOT, STALE, START, STOP
from tests.support.booked import book, rows, session, stale, used
from tests.support.database import moment
from tests.support.reports_made import NOON, report


def test_a_start_after_the_stop_opens_nothing(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(STOP, session_time=60, octets_in=3, **of))
    book(books, report(START, received=NOON + 2, **of))
    assert session(books).acctstoptime == moment(NOON)
    assert session(books).acctstarttime == moment(NOON - 60)


def test_the_earliest_stop_of_the_router_stands(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(STOP, received=NOON + 1, session_time=60, octets_in=3, cause="Lost-Carrier", **of))
    book(books, report(STOP, received=NOON + 2, session_time=60, octets_in=3, cause="Lost-Carrier", **of))
    assert session(books).acctstoptime == moment(NOON + 1)


def test_stale_is_closed_where_it_was_last_heard_and_a_late_interim_opens_it(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(session_time=300, octets_in=4, **of))
    book(books, stale(NOON + 1, of))
    assert (session(books).acctstoptime, session(books).acctterminatecause) == (moment(NOON + 1), STALE)
    book(books, report(received=NOON + 2000, session_time=2300, octets_in=9, **of))
    assert (session(books).acctstoptime, session(books).acctterminatecause) == (None, None)
    assert used(books) == [(9, 0)]


def test_a_close_that_comes_after_later_news_closes_nothing(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(received=NOON + 900, session_time=900, octets_in=4, **of))
    book(books, stale(NOON + 600, of))
    assert session(books).acctstoptime is None


def test_the_routers_stop_overrides_our_close(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(session_time=300, octets_in=4, **of))
    book(books, stale(NOON + 1, of))
    book(books, report(STOP, received=NOON + 50, session_time=350, octets_in=5, cause="Session-Timeout", **of))
    assert (session(books).acctstoptime, session(books).acctterminatecause) == (moment(NOON + 50), "Session-Timeout")


def test_accounting_on_closes_what_the_device_left_and_nothing_else(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(session_time=300, octets_in=4, **of))
    book(books, report("Accounting-On", received=NOON + 60, **(of | {"device_id": of["device_id"] + 1000})))
    assert session(books).acctstoptime is None
    book(books, report("Accounting-On", received=NOON + 60, session_id=b"", **of),
         report(START, received=NOON + 61, session_id=b"81000001", **of))  # fmt: skip
    found = rows(books, "select acctsessionid, acctterminatecause from radacct order by 1")
    assert found == [("80f00001", ROUTER_REBOOT), ("81000001", None)]
