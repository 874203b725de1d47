"""The books: a crossed allowance asks the network, once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text

from tests.support.booked import book, rows
from tests.support.database import make_tenant
from tests.support.reports_made import NOON, report


def test_crossing_the_allowance_writes_one_order(books: Engine, of: dict[str, Any]) -> None:
    for step in range(1, 6):
        book(books, report(received=NOON + 10 * step, session_time=10 * step, octets_out=3 * 10**9 * step, **of))
    orders = rows(books, "select customer_id, kind, reason, payload->>'used_bytes' from outbox")
    assert [tuple(order[1:]) for order in orders] == [("disconnect", "quota_exceeded", str(12 * 10**9))]


def test_reaching_the_allowance_exactly_is_crossing_it(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(received=NOON + 10, session_time=10, octets_out=10**10 - 1, **of))
    assert rows(books, "select from outbox") == []
    book(books, report(received=NOON + 12, session_time=12, octets_out=10**10, **of))
    assert len(rows(books, "select from outbox")) == 1


def test_a_top_up_of_the_period_moves_the_crossing_and_a_throttled_plan_asks_for_a_slower_rate(books: Engine) -> None:
    slow = make_tenant(books, "slow", address="10.1.7.1", over_limit="throttle")
    with books.begin() as connection:
        connection.execute(
            text(
                "insert into topups (isp_id, customer_id, period_start, data_bytes) "
                "select isp_id, customer_id, period_start, 5 from subscriptions where customer_id = :id"
            ),
            {"id": slow.customer_id},
        )
    whose = {"isp_id": slow.isp_id, "device_id": slow.device_id}
    book(books, report(received=NOON + 10, session_time=10, octets_in=10**10 + 4, **whose))
    assert rows(books, "select from outbox") == []
    book(books, report(received=NOON + 12, session_time=12, octets_in=10**10 + 5, **whose))
    assert rows(books, "select kind from outbox") == [("coa",)]


def test_a_period_that_is_over_orders_nothing(books: Engine) -> None:
    past = make_tenant(books, "past", address="10.1.8.1", periods=(NOON - 86_400, NOON + 1))
    book(books, report(isp_id=past.isp_id, device_id=past.device_id, octets_in=10**11))
    assert rows(books, "select from outbox") == []
