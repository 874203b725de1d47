"""The books of plans with hours and time budgets: split to the second, crossed once, never counted twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from models.accounting.records import START, STOP
from tests.support.booked import book, rows
from tests.support.database import Tenant, make_tenant
from tests.support.reports_made import our_class, report

TEN_PM = datetime(2026, 3, 10, 22, tzinfo=UTC).timestamp()
NIGHT = [{"from": "22:00", "to": "06:00", "counts": False}]


@pytest.fixture(scope="module")
def night(engine: Engine) -> Tenant:
    return make_tenant(engine, "night", address="10.1.61.1", periods=(TEN_PM - 86_400,), limit=1000)


def change(books: Engine, shop: Tenant, **columns: Any) -> None:
    """The plan's columns."""
    values = {name: json.dumps(value) if isinstance(value, list) else value for name, value in columns.items()}
    with books.begin() as connection:
        for name, value in values.items():
            cast = "cast(:value as jsonb)" if name == "hours" else ":value"
            connection.execute(text(f"update service_plans set {name} = {cast} where isp_id = :isp"),  # noqa: S608
                               {"value": value, "isp": shop.isp_id})  # fmt: skip


def of(shop: Tenant) -> dict[str, Any]:
    return {"isp_id": shop.isp_id, "device_id": shop.device_id, "klass": our_class(TEN_PM - 600, 1, shop.customer_id)}


def usage(books: Engine) -> Sequence[Any]:
    return [tuple(row) for row in rows(books, "select bytes_out, uncounted_out, seconds from usage")]


def asked(books: Engine) -> list[tuple[str, str]]:
    return [tuple(row) for row in rows(books, "select kind, reason from outbox order by id")]


def test_growth_over_the_boundary_is_split_to_the_second(books: Engine, night: Tenant) -> None:
    change(books, night, hours=NIGHT, time_limit=None)
    book(books, report(START, received=TEN_PM - 100, session_time=0, **of(night)))
    book(books, report(received=TEN_PM + 200, session_time=300, octets_out=900, **of(night)))
    assert usage(books) == [(900, 600, 300)]
    assert rows(books, "select bytes_out, uncounted_out from usage_daily") == [(900, 600)]


def test_only_what_counts_crosses_the_allowance(books: Engine, night: Tenant) -> None:
    change(books, night, hours=NIGHT, time_limit=None)
    book(books, report(START, received=TEN_PM - 100, session_time=0, **of(night)))
    book(books, report(received=TEN_PM + 100, session_time=200, octets_out=1998, **of(night)))
    assert asked(books) == [], "999 counted"
    book(books, report(received=TEN_PM + 200, session_time=300, octets_out=10**6, **of(night)))
    assert asked(books) == []
    morning = TEN_PM + 8 * 3600
    book(books, report(received=morning, session_time=28_900, octets_out=10**6, **of(night)))
    book(books, report(received=morning + 1, session_time=28_901, octets_out=10**6 + 1, **of(night)))
    assert asked(books) == [("disconnect", "quota_exceeded")]


def test_seconds_online_are_counted_as_octets_are(books: Engine, night: Tenant) -> None:
    """Delayed, repeated and overtaken: the most that any packet said, once, and a clock that jumps adds nothing."""
    change(books, night, hours=None, time_limit=None)
    packets = [report(received=TEN_PM + step, session_time=600 + step, **of(night)) for step in (0, 300, 600)]
    for order in ((0, 1, 2), (2, 0, 1), (1, 1, 0, 2, 2, 0)):
        with books.begin() as connection:
            connection.exec_driver_sql("delete from usage; delete from radacct")
        for number in order:
            book(books, packets[number])
        assert usage(books) == [(0, 0, 1200)]
    book(books, report(received=TEN_PM + 900, session_time=10**8, **of(night)))
    assert usage(books) == [(0, 0, 1501)], "1500 s and the second that clocks are apart"
    assert rows(books, "select from usage_daily") == [], "nothing moved"


def test_time_that_is_used_up_asks_for_an_end_once(books: Engine, night: Tenant) -> None:
    change(books, night, hours=None, time_limit=20)
    for step in (0, 300, 599, 600, 900):
        book(books, report(received=TEN_PM + step, session_time=600 + step, **of(night)))
        assert asked(books) == ([("disconnect", "time_used_up")] if step >= 600 else [])
    book(books, report(STOP, received=TEN_PM + 901, session_time=1501, **of(night)))
    assert asked(books) == [("disconnect", "time_used_up")]


@pytest.mark.parametrize("hours", [
    {}, [], [1], [{"from": "22:00"}], [{"from": "22:00", "to": "25:00"}], [{"from": "24:00", "to": "06:00"}],
    [{"from": "2:00", "to": "06:00"}], [{"from": "22:00", "to": "06:00", "weekdays": []}],
    [{"from": "22:00", "to": "06:00", "weekdays": [0]}], [{"from": "22:00", "to": "06:00", "weekdays": "monday"}],
    [{"from": "22:00", "to": "06:00", "bandwidth_limit": 0}],
    [{"from": "22:00", "to": "06:00", "bandwidth_limit": "5"}],
    [{"from": "22:00", "to": "06:00", "bandwidth_limit": 0.0001}],
    [{"from": "22:00", "to": "06:00", "upload_limit": 5}],
    [{"from": "22:00", "to": "06:00", "counts": "no"}], [{"from": "22:00", "to": "06:00", "count": False}],
])  # fmt: skip
def test_hours_that_nobody_can_read_are_in_no_plan_however_written(books: Engine, night: Tenant, hours: Any) -> None:
    with pytest.raises(IntegrityError, match="hours_known"), books.begin() as connection:
        connection.execute(text("update service_plans set hours = cast(:hours as jsonb) where isp_id = :isp"),
                           {"hours": json.dumps(hours), "isp": night.isp_id})  # fmt: skip


def test_all_that_the_api_takes_can_be_stored(books: Engine, night: Tenant) -> None:
    whole = {"from": "00:00", "to": "24:00", "weekdays": [1, 7], "bandwidth_limit": 0.512, "upload_limit": 1000000,
             "counts": True}  # fmt: skip
    change(books, night, hours=[whole, {"from": "23:59", "to": "00:00", "weekdays": None, "bandwidth_limit": None}])
