"""The books: to which day and period growth belongs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine

from models.accounting.records import START
from tests.support.booked import GIGA, book, days, rows, session, used
from tests.support.database import make_tenant, moment
from tests.support.reports_made import NOON, report


def test_growth_is_spread_evenly_and_cut_at_the_tenants_midnight(books: Engine) -> None:
    zone = make_tenant(books, "kiritimati", address="10.1.4.1", zone="Pacific/Kiritimati")  # midnight is 10:00 UTC
    whose = {"isp_id": zone.isp_id, "device_id": zone.device_id}
    midnight = moment(NOON).replace(hour=10).timestamp()
    book(books, report(START, received=midnight - 300, **whose))
    book(books, report(received=midnight + 600, session_time=900, octets_in=10, octets_out=9 * GIGA, **whose))
    assert days(books) == {date(2026, 3, 10): (3, 3 * GIGA), date(2026, 3, 11): (7, 6 * GIGA)}
    assert used(books) == [(10, 9 * GIGA)]


def test_growth_is_cut_where_a_period_begins(books: Engine) -> None:
    renewed = make_tenant(books, "renewed", address="10.1.5.1", periods=(NOON - 86_400 * 30, NOON + 100))
    whose = {"isp_id": renewed.isp_id, "device_id": renewed.device_id}
    book(books, report(START, received=NOON, **whose))
    book(books, report(received=NOON + 400, session_time=400, octets_in=7, **whose))
    assert used(books) == [(1, 0), (6, 0)]
    assert days(books) == {date(2026, 3, 10): (7, 0)}


def test_before_the_first_period_growth_belongs_to_the_time_since_they_came(books: Engine) -> None:
    early = make_tenant(books, "early", address="10.1.6.1", periods=(NOON + 100,))
    whose = {"isp_id": early.isp_id, "device_id": early.device_id}
    book(books, report(START, received=NOON, **whose))
    book(books, report(received=NOON + 400, session_time=400, octets_in=8, **whose))
    periods = {row[0]: row[1] for row in rows(books, "select period_start, bytes_in from usage")}
    created = rows(books, "select id, created_at from customers")
    assert periods == {dict(map(tuple, created))[early.customer_id]: 2, moment(NOON + 100): 6}


def test_the_first_packets_growth_is_booked_at_its_receipt_less_its_delay(books: Engine, of: dict[str, Any]) -> None:
    midnight = moment(NOON).replace(hour=0).timestamp()
    book(books, report(received=midnight + 5, delay=10, session_time=3600, octets_in=4, **of))
    assert days(books) == {date(2026, 3, 9): (4, 0)}


def test_a_delay_that_cannot_be_is_not_believed(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(delay=1_700_000_000, octets_in=4, session_time=0, **of))
    assert days(books) == {date(2026, 3, 10): (4, 0)}


def test_a_router_whose_clock_says_1970_is_booked_on_the_right_day(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(octets_in=4, session_time=5, **of)._replace(router_time=86_400))
    assert days(books) == {date(2026, 3, 10): (4, 0)}
    assert session(books).router_time == moment(86_400)


def test_times_of_the_books_are_exact_to_the_microsecond(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(START, received=NOON + 0.123456, **of))
    assert session(books).acctstarttime == datetime.fromisoformat("2026-03-10T12:00:00.123456+00:00")
