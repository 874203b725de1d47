"""The books: one session, though several devices, Classes or routers speak of it; and what is none of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from models.accounting.records import ROUTER_REBOOT, START, STOP, TOO_MANY_SESSIONS, AccountingRecord
from tests.support.booked import book, rows, session, used
from tests.support.database import Tenant
from tests.support.reports_made import NOON, our_class, report

GIGABYTE = 10**9


@pytest.fixture
def of(tenant: Tenant) -> dict[str, Any]:
    return {"isp_id": tenant.isp_id, "device_id": tenant.device_id, "username": b"john",
            "klass": our_class(NOON, 1, tenant.customer_id)}  # fmt: skip


def sessions(engine: Engine) -> int:
    return len(rows(engine, "select from radacct"))


def test_through_a_second_device_of_the_tenant_it_is_the_same_session(books: Engine, of: dict[str, Any]) -> None:
    second = of["device_id"] + 1000
    for step in range(1, 5):
        one = report(received=NOON + 300 * step, session_time=300 * step, octets_in=GIGABYTE * step, **of)
        book(books, one, one._replace(device_id=second, nas_address="10.9.9.9"))
    assert used(books) == [(4 * GIGABYTE, 0)]
    assert sessions(books) == 1
    book(books, report(received=NOON + 1500, session_time=1500, octets_in=5 * GIGABYTE, address="10.9.9.9",
                       **(of | {"device_id": second})))  # fmt: skip
    # Requests about it go to where it was heard of last.
    assert (session(books).device_id, session(books).nasipaddress) == (second, "10.9.9.9")


def reauthenticated(of: dict[str, Any], *, sizes: tuple[int, ...] = (4, 5, 9)) -> list[AccountingRecord]:
    """A session whose Class is another one after each re-authentication."""
    return [
        report(received=NOON + 600 * step, session_time=600 * step, octets_in=octets * 10**6,
               **(of | {"klass": our_class(NOON + 600 * step, step + 7, _whose(of))}))
        for step, octets in enumerate(sizes, 1)
    ]  # fmt: skip


def _whose(of: dict[str, Any]) -> int:
    return int.from_bytes(of["klass"][13:21], "big")


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_a_class_that_changes_within_a_living_session_makes_no_other(
    books: Engine, of: dict[str, Any], in_one_batch: bool
) -> None:
    packets = [report(START, **of), *reauthenticated(of)]
    for _ in range(2):
        for batch in [packets] if in_one_batch else [[one] for one in packets]:
            book(books, *batch)
    assert (sessions(books), used(books)) == (1, [(9 * 10**6, 0)])
    # An earlier one, late, is of the session too.
    book(books, packets[2]._replace(received=NOON + 2000))
    book(books, packets[-1]._replace(status=STOP, received=NOON + 2100, session_time=2100, octets_in=10**7))
    assert (sessions(books), used(books)) == (1, [(10**7, 0)])
    assert session(books).acctstoptime is not None


def test_from_a_class_of_the_version_before_and_from_none_too(books: Engine, of: dict[str, Any]) -> None:
    for first in (our_class(NOON, 3), b""):
        number = b"80f0%04d" % len(first)
        packets = [one._replace(session_id=number) for one in reauthenticated(of)]
        book(books, report(START, **(of | {"klass": first, "session_id": number})))
        book(books, *packets)
    assert sessions(books) == 2
    assert used(books) == [(18 * 10**6, 0)]


@pytest.mark.parametrize(
    "change",
    [
        {"octets_in": 3 * 10**6},
        {"session_time": 100},
        {"status": START},
        {"router": "10.0.0.2"},
        {"nas_address": "10.1.1.2"},
        {"session_id": b"80f00002"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_cannot_go_on_with_it_is_another_session(
    books: Engine, of: dict[str, Any], change: dict[str, Any]
) -> None:
    first, second, _ = [packet._replace(router="10.0.0.1") for packet in reauthenticated(of)]
    book(books, first)
    book(books, second._replace(**change))
    assert sessions(books) == 2


def test_a_session_that_its_router_has_ended_goes_on_under_no_class(books: Engine, of: dict[str, Any]) -> None:
    first, second, _ = reauthenticated(of)
    book(books, first._replace(status=STOP))
    book(books, second)
    assert sessions(books) == 2


def test_what_a_restart_has_ended_goes_on_under_another_class(books: Engine, of: dict[str, Any]) -> None:
    first, second, _ = reauthenticated(of)
    book(books, first)
    book(books, report("Accounting-On", received=first.received + 1, session_id=b"", **(of | {"klass": b""})))
    book(books, second)
    assert sessions(books) == 1
    assert session(books).acctstoptime is None


def test_one_routers_restart_ends_nothing_of_the_others_in_its_network(books: Engine, of: dict[str, Any]) -> None:
    places = [("10.1.1.1", ""), ("10.1.1.2", ""), ("10.1.1.1", "192.168.88.2"), ("10.1.1.1", "192.168.88.3")]
    for number, (address, router) in enumerate(places):
        book(books, report(session_id=b"8010000%d" % number, address=address, router=router, session_time=5,
                           **(of | {"klass": our_class(NOON, number + 20, _whose(of))})))  # fmt: skip
    book(books, report("Accounting-On", received=NOON + 60, session_id=b"", address="10.1.1.1",
                       router="192.168.88.3", **(of | {"klass": b""})))  # fmt: skip
    ended = rows(
        books, "select acctsessionid, acctterminatecause from radacct where acctstoptime is not null order by 1"
    )
    # One that has named no router may be any at its address.
    assert [tuple(row) for row in ended] == [("80100000", ROUTER_REBOOT), ("80100003", ROUTER_REBOOT)]


@pytest.mark.parametrize(("delay", "ends"), [(0, True), (9, True), (45, False), (120, False)])
def test_an_accounting_on_with_a_delay_speaks_of_the_past(
    books: Engine, of: dict[str, Any], delay: int, ends: bool
) -> None:
    book(books, report(START, received=NOON, **of))
    book(books, report("Accounting-On", received=NOON + 30, delay=delay, session_id=b"", **(of | {"klass": b""})))
    assert (session(books).acctstoptime is not None) is ends


def test_a_stop_without_a_cause_has_none(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(STOP, session_time=60, **of))
    assert session(books).acctstoptime is not None
    assert session(books).acctterminatecause is None


def test_more_open_sessions_than_a_customer_may_have_are_evidence(books: Engine, of: dict[str, Any]) -> None:
    many = [report(session_id=b"%08d" % number, session_time=5, octets_in=1, received=NOON + number,
                   **(of | {"klass": our_class(NOON, number + 50, _whose(of))})) for number in range(30)]  # fmt: skip
    book(books, *many[:10])
    book(books, *many[10:])
    book(books, *[one._replace(received=one.received + 300, session_time=305, octets_in=2) for one in many])
    ended = rows(books, "select acctterminatecause, acctinputoctets from radacct where acctstoptime is not null")
    assert [tuple(row) for row in ended] == [(TOO_MANY_SESSIONS, 2)] * 8
    assert used(books) == [(22 * 2, 0)]
    # Where one has ended there is room for another; what was one too many stays so.
    book(books, many[0]._replace(status=STOP, received=NOON + 400, session_time=400))
    fresh = our_class(NOON + 500, 99, _whose(of))
    book(books, report(session_id=b"fresh", received=NOON + 500, octets_in=5, **(of | {"klass": fresh})))
    book(books, many[-1]._replace(received=NOON + 600, session_time=605, octets_in=9))
    assert used(books) == [(22 * 2 + 5, 0)]
