"""Which period runs and what is left of it: SQL and the rules say the same, over generated histories."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import Customer as CustomerRow
from models.accounting import booking
from models.subscriptions.allowance import Allowance, allowances
from models.subscriptions.renewals import current_period
from radius_module.rules.facts import Customer, Facts
from radius_module.rules.quota import allowance
from tests.support.database import Tenant, make_tenant, moment
from tests.support.directory_read import read, read_plan
from tests.support.reports_made import report

_HOUR = 3600.0
_LIMIT = 10**9
#: Hours from now at which periods begin; the present one is hit exactly by none, for the clock runs while we look.
_STARTS = st.lists(st.integers(-40, 40).filter(bool), unique=True, max_size=5).map(sorted)


class History(NamedTuple):
    """Hours at which periods begin, and for which of them (by number) data was bought."""

    starts: list[int]
    bought: list[tuple[int, int]]


@st.composite
def histories(draw: st.DrawFn) -> History:
    starts = draw(_STARTS)
    which = st.integers(0, max(len(starts) - 1, 0))
    return History(starts, draw(st.lists(st.tuples(which, st.integers(1, 10**9)), max_size=4)))


@pytest.fixture(scope="module")
def shop(engine: Engine) -> Tenant:
    return make_tenant(engine, "periods", address="10.199.0.1", limit=_LIMIT)


def write(engine: Engine, shop: Tenant, history: History, now: float) -> None:
    """The customer's periods and top-ups, and nothing else; created before all of them."""
    whose = {"isp": shop.isp_id, "customer": shop.customer_id}
    with engine.begin() as connection:
        for table in ("subscriptions", "topups", "usage", "usage_daily", "radacct", "outbox"):
            connection.execute(text(f"delete from {table} where isp_id = :isp"), whose)  # noqa: S608
        connection.execute(text("update customers set created_at = :at, expires_at = :end where id = :customer"),
                           whose | {"at": moment(now - 50 * _HOUR), "end": moment(now + 60 * _HOUR)})  # fmt: skip
        for start in history.starts:
            connection.execute(
                text("insert into subscriptions (isp_id, customer_id, period_start, period_end)"
                     " values (:isp, :customer, :start, :end)"),
                whose | {"start": moment(now + start * _HOUR), "end": moment(now + (start + 1) * _HOUR)},
            )  # fmt: skip
        for number, octets in history.bought if history.starts else []:
            connection.execute(
                text("insert into topups (isp_id, customer_id, period_start, data_bytes)"
                     " values (:isp, :customer, :start, :octets)"),
                whose | {"start": moment(now + history.starts[number] * _HOUR), "octets": octets},
            )  # fmt: skip


def by_rules(engine: Engine, shop: Tenant, at: float) -> tuple[datetime, int | None]:
    """(start of the period, allowance) as a login is judged."""
    customer: Customer = read(engine, shop)
    facts = Facts(at, None, None, customer, read_plan(engine, shop), True, "", 0, ())
    return moment(customer.period_start(at)), allowance(facts)


def by_api(engine: Engine, shop: Tenant, at: float) -> tuple[datetime, int | None]:
    """The same as reports and support show it."""
    with Session(engine) as session:
        shown: Allowance = allowances(session, shop.isp_id, [shop.customer_id], datetime.fromtimestamp(at, UTC))[
            shop.customer_id
        ]
        customer = session.get_one(CustomerRow, (shop.isp_id, shop.customer_id))
        assert current_period(session, customer, moment(at)) == (shown.period_start, shown.period_end)
        return shown.period_start, shown.limit


def by_the_books(engine: Engine, shop: Tenant, at: float) -> datetime:
    """The period to which growth of that moment goes."""
    with engine.begin() as connection:
        booking.book(connection, [report(isp_id=shop.isp_id, device_id=shop.device_id, received=at, octets_in=1,
                                         session_id=f"{at}".encode())])  # fmt: skip
        start: datetime | None = connection.scalar(
            text("delete from usage where isp_id = :isp returning period_start"), {"isp": shop.isp_id}
        )
        assert start is not None
        return start


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(history=histories(), later=st.sampled_from((0.0, 0.5, 7.5, 30.5)))
def test_the_rules_and_the_database_know_the_same_period(
    engine: Engine, shop: Tenant, history: History, later: float
) -> None:
    now = time.time()
    write(engine, shop, history, now)
    at = now + later * _HOUR
    assert by_rules(engine, shop, at) == by_api(engine, shop, at)
    assert by_the_books(engine, shop, at) == by_api(engine, shop, at)[0]


@settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(history=histories(), short=st.sampled_from((0, 1)))
def test_the_books_ask_the_network_where_the_rules_refuse(
    engine: Engine, shop: Tenant, history: History, short: int
) -> None:
    now = time.time()
    write(engine, shop, history, now)
    start, limit = by_rules(engine, shop, now)
    assert limit is not None
    with engine.begin() as connection:
        booking.book(connection, [report(isp_id=shop.isp_id, device_id=shop.device_id, received=now - 0.001,
                                         octets_in=limit - short, session_id=b"crossing")])  # fmt: skip
        reasons = connection.scalars(text("select reason from outbox where isp_id = :isp"), {"isp": shop.isp_id}).all()
        used = connection.execute(
            text("select period_start, bytes_in from usage where isp_id = :isp"), {"isp": shop.isp_id}
        ).all()
    assert [tuple(row) for row in used] == [(start, limit - short)]
    assert list(reasons) == ([] if short else ["quota_exceeded"])
