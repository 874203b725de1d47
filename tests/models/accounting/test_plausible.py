"""Growth that no line carries: not billed, kept as evidence, and the base stays. Memory and books by one bound."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from models.accounting.booking import book as book_batch
from models.accounting.plausible import LEAST_RATE, is_plausible, most_a_second
from models.accounting.records import INTERIM, START, STOP, AccountingRecord
from radius_module.online.line_rate import line_rate
from radius_module.online.table import OnlineTable
from tests.support.database import Tenant
from tests.support.facts_made import PLAN
from tests.support.online_made import apply
from tests.support.reports_made import NOON, report

TEN_SECONDS = int(10 * LEAST_RATE)


def test_the_bound_is_ten_gigabits_or_ten_times_the_plan() -> None:
    assert most_a_second(None) == most_a_second(10) == most_a_second(1000) == 1.25e9
    assert most_a_second(2000) == 2.5e9


@pytest.mark.parametrize(
    ("growth", "elapsed", "session_time", "plausible"),
    [
        (TEN_SECONDS, 9, None, True),
        (TEN_SECONDS + 1, 9, None, False),
        (TEN_SECONDS, 0, 9, True),
        (TEN_SECONDS, -5, 0, False),
        (TEN_SECONDS, 9, 0, True),
        (86_400 * 1_250_000_000, None, None, True),
        (2**61, None, None, False),
        (2**61, 300, 300, False),
        (int(LEAST_RATE), None, 0, True),
    ],
)
def test_the_larger_of_the_times_counts(
    growth: int, elapsed: float | None, session_time: int | None, plausible: bool
) -> None:
    assert is_plausible(growth, elapsed, session_time) is plausible


def booked(engine: Engine, *records: AccountingRecord) -> tuple[int, int]:
    """Book each by itself; (octets of the session, octets of the customer's periods)."""
    for record in records:
        with engine.begin() as connection:
            book_batch(connection, [record])
    with engine.begin() as connection:
        session = connection.scalar(text("select acctinputoctets + acctoutputoctets from radacct"))
        used = connection.scalar(text("select coalesce(sum(bytes_in + bytes_out), 0) from usage"))
    return int(session or 0), int(used or 0)


def remembered(*records: AccountingRecord, rate: float = LEAST_RATE) -> int:
    online = OnlineTable()
    for record in records:
        apply(online, record, 1, NOON - 86_400, rate=rate)
    return online.usage_and_slots(1, NOON - 86_400, NOON + 3600)[0]


def packets(tenant: Tenant, *counters: tuple[int, int]) -> list[AccountingRecord]:
    """A Start, then Interims: (seconds since the Start, octets downloaded)."""
    of = {"isp_id": tenant.isp_id, "device_id": tenant.device_id, "username": tenant.username.encode()}
    later = [
        report(INTERIM, received=NOON + seconds, session_time=seconds, octets_out=octets, **of)
        for seconds, octets in counters
    ]
    return [report(START, received=NOON, session_time=0, **of), *later]


@pytest.mark.parametrize("claimed", [2**61, 2**63, 2**64 - 1])
def test_a_giant_counter_is_evidence_and_the_base_stays(books: Engine, tenant: Tenant, claimed: int) -> None:
    sent = packets(tenant, (300, 1000), (600, claimed), (900, 3000))
    assert booked(books, *sent[:3]) == (1000, 1000)
    with books.connect() as connection:
        shown = connection.execute(text("select implausible_input, implausible_output from radacct")).one()
    assert tuple(shown) == (Decimal(0), Decimal(claimed))
    assert booked(books, sent[3]) == (3000, 3000)
    assert remembered(*sent[:3]) == 1000
    assert remembered(*sent) == 3000


def test_a_counter_that_stays_giant_is_never_billed_and_its_stop_counts(books: Engine, tenant: Tenant) -> None:
    sent = packets(tenant, (300, 2**62), (600, 2**62 + 10**9), (900, 2**62 + 2 * 10**9))
    stop = sent[-1]._replace(status=STOP, received=NOON + 901)
    assert booked(books, *sent, stop) == (0, 0)
    assert remembered(*sent, stop) == 0
    with books.connect() as connection:
        assert connection.scalar(text("select acctstoptime is not null from radacct"))


def test_what_a_fast_plan_carries_is_billed(books: Engine, tenant: Tenant) -> None:
    sent = packets(tenant, (300, 300 * 2_000_000_000))
    assert booked(books, *sent) == (0, 0)
    with books.begin() as connection:
        connection.execute(text("delete from radacct; update service_plans set bandwidth_limit = 2000"))
    try:
        assert booked(books, *sent) == (600_000_000_000, 600_000_000_000)
        assert remembered(*sent, rate=most_a_second(2000)) == 600_000_000_000
    finally:
        with books.begin() as connection:
            connection.execute(text("update service_plans set bandwidth_limit = 10"))


def test_no_plan_and_the_text_of_a_rate_name_the_same_bound() -> None:
    assert line_rate(None) == LEAST_RATE
    assert line_rate(PLAN._replace(rate="2500k/10M")) == LEAST_RATE
    assert line_rate(PLAN._replace(rate="2500M/1500M")) == 10 * 2500 * 125_000
