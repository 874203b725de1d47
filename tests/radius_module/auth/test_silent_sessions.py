"""Sessions that fall silent, with times of any precision: all are closed in good time, and the spool is quiet then."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.accounting.booking import book
from models.accounting.records import InferredStop
from radius_module.directory.contents import Directory
from radius_module.directory.load import load
from radius_module.directory.owner import apply_record
from radius_module.ipc.feed import entries_of
from radius_module.online.session import stale_after
from radius_module.online.table import OnlineTable
from tests.support.database import Tenant, make_tenant
from tests.support.reports_made import NOON, our_class, report

#: Seconds between two sweeps of the auth process.
SWEEP = 20.0
INTERVALS = (60, 300, 600)
_numbers = itertools.count(1)


@pytest.fixture
def shop(books: Engine) -> Tenant:
    number = next(_numbers)
    return make_tenant(books, f"silent {number}", address=f"10.66.0.{number}")


def customers(engine: Engine, shop: Tenant, number: int) -> list[int]:
    statement = ("insert into customers (isp_id, username, expires_at, created_at) select :isp, 'silent' || n, "
                 "to_timestamp(:at) + interval '1 year', to_timestamp(:at) - interval '1 day' "
                 "from generate_series(1, :number) as n returning id")  # fmt: skip
    with engine.begin() as connection:
        values = {"isp": shop.isp_id, "at": NOON, "number": number}
        return list(connection.scalars(text(statement), values))


class Node:
    """Memory and books with what goes between them; `sent` counts the ends of each session."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.directory, self.online = engine, Directory(), OnlineTable()
        with engine.connect() as connection:
            self.directory.replace(load(connection, self.online))
        self.sent: Counter[str] = Counter()

    def book(self, records: list[Any]) -> None:
        while records:
            with self.engine.begin() as connection:
                booking = book(connection, records)
            records = list(self.online.apply_booking(*entries_of(booking), NOON))
            self.sent.update(end.unique_id for end in records)

    def sweep(self, now: float) -> list[InferredStop]:
        ends = self.online.sweep(now, 0)
        self.sent.update(end.unique_id for end in ends)
        self.book(list(ends))
        return ends


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_all_are_closed_within_one_and_a_half_intervals_and_then_nothing_is_written(
    books: Engine, shop: Tenant, count: int
) -> None:
    chance, ids = random.Random(7), customers(books, shop, count // 20)  # noqa: S311  # the same times each time
    node, silent_at, waiting = Node(books), {}, list[Any]()
    for number in range(count):
        interval, at = chance.choice(INTERVALS), NOON + chance.random() * 900
        # One in ten is of nobody: a trial of a HotSpot, which has no Class of ours.
        klass = our_class(NOON - 5, number, ids[number % len(ids)], interval) if number % 10 else b""
        one = report(isp_id=shop.isp_id, device_id=shop.device_id, session_id=b"%08x" % number, klass=klass,
                     username=b"" if klass else b"T-%d" % number, received=at, mac=f"m{number}")  # fmt: skip
        apply_record(node.directory, node.online, one)
        waiting.append(one)
        silent_at[b"%08x" % number] = at, (interval if klass else 300)
    for at in range(0, count, 200):
        node.book(waiting[at : at + 200])
    closed: dict[str, float] = {}
    now, end = NOON, NOON + 900 + 3 * 600 + 30 + 1.5 * 600
    while now < end:
        now += SWEEP + chance.random()
        for stop in node.sweep(now):
            closed[stop.unique_id] = now
    with books.connect() as connection:
        rows = connection.execute(text("select acctsessionid, acctuniqueid, acctterminatecause, "
                                       "date_part('epoch', acctstoptime) from radacct")).all()  # fmt: skip
    assert len(rows) == count
    for session_id, uid, cause, stopped in rows:
        at, interval = silent_at[session_id.encode()]
        assert (cause, stopped) == ("Stale-Session", round(at, 6))
        assert 0 <= closed[uid] - (at + stale_after(interval)) <= 1.5 * interval
    assert set(node.sent.values()) == {1}, "an end is sent once"
    assert [node.sweep(now + SWEEP * step) for step in range(1, 60)] == [[]] * 59


def test_sessions_of_the_database_fall_silent_by_their_own_interval_too(books: Engine, shop: Tenant) -> None:
    (customer,) = customers(books, shop, 1)
    node = Node(books)
    for number, interval in enumerate(INTERVALS):
        node.book([report(isp_id=shop.isp_id, device_id=shop.device_id, session_id=b"%d" % number, mac=f"m{number}",
                          klass=our_class(NOON, number, customer, interval))])  # fmt: skip
    node.book([report(isp_id=shop.isp_id, device_id=shop.device_id, session_id=b"9", username=b"nobody")])
    again = Node(books)
    for number, interval in enumerate(INTERVALS):
        assert [end.isp_id for end in again.sweep(NOON + stale_after(interval) - 1)] == []
        # Nobody's session has the usual interval.
        wanted = 2 if interval == 300 else 1
        assert [end.isp_id for end in again.sweep(NOON + stale_after(interval))] == [shop.isp_id] * wanted, number
    with books.connect() as connection:
        assert connection.scalar(text("select count(*) from radacct where acctstoptime is null")) == 0
