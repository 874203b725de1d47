"""Counted and not counted are all, to the byte: over zones, changes of the clock, hours of plans and orders of packets.

What is expected is worked out with whole fractions along a clock that is watched (tests/support/watched_clock.py);
memory, which has heard the same packets, and of the bookings all or nothing, must say the same.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from models.accounting.records import START, AccountingRecord
from models.tables.plans import windows_of
from models.timetable import Window, timetable
from radius_module.ipc.feed import entries_of
from radius_module.online.table import OnlineTable
from tests.support.booked import book
from tests.support.database import Tenant, empty_books, make_tenant
from tests.support.online_made import apply
from tests.support.reports_made import report
from tests.support.watched_clock import MOMENTS, QUARTER, ZONES, plan_hours, watched

CASES = int(os.environ.get("HOURS_CASES", "60"))
LONG_AGO = 1_262_304_000.0
#: Of some customers a period begins an hour after each moment.
STARTS = {False: (LONG_AGO,), True: (LONG_AGO, *(moment + 3600 for moment in MOMENTS))}


class Shop(NamedTuple):
    """A tenant in a zone, whose customer has one period or several."""

    tenant: Tenant
    zone: str
    starts: tuple[float, ...]


@pytest.fixture(scope="module")
def shops(engine: Engine) -> list[Shop]:
    made = []
    for number, (zone, many) in enumerate((zone, many) for zone in ZONES for many in (False, True)):
        tenant = make_tenant(
            engine, f"hours {number}", address=f"10.77.{number}.1", zone=zone, periods=STARTS[many], limit=None
        )
        made.append(Shop(tenant, zone, STARTS[many]))
    return made


@settings(
    max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate],
)  # fmt: skip
@given(data=st.data())
def test_counted_and_not_counted_are_all_to_the_byte(engine: Engine, shops: list[Shop], data: st.DataObject) -> None:
    shop, hours = data.draw(st.sampled_from(shops)), data.draw(plan_hours)
    packets = data.draw(_packets(shop.tenant))
    empty_books(engine)
    with engine.begin() as connection:
        connection.execute(text("update service_plans set hours = cast(:hours as jsonb) where isp_id = :isp"),
                           {"hours": json.dumps(hours), "isp": shop.tenant.isp_id})  # fmt: skip
    windows, memory = windows_of(hours), OnlineTable()
    size, is_told = data.draw(st.integers(1, 4)), data.draw(st.booleans())
    for at in range(0, len(packets), size):
        some = packets[at : at + size]
        for packet in some:
            _hear(memory, shop, windows, packet)
        booking = book(engine, *some)
        if is_told:
            memory.apply_booking(*entries_of(booking), packets[-1].received)
    expected = _expected(shop, windows, packets)
    assert _booked(engine) == expected
    if len(shop.starts) == 1:
        octets, uncounted, seconds = expected.get(LONG_AGO, (0, 0, 0))
        customer = shop.tenant.customer_id
        assert memory.usage_and_slots(customer, LONG_AGO, packets[-1].received)[0] == octets - uncounted
        assert memory.seconds_online(customer, LONG_AGO) == seconds


@st.composite
def _packets(draw: st.DrawFn, tenant: Tenant) -> list[AccountingRecord]:
    """One or two sessions about a change of the clock, some of which were heard of too late."""
    packets = []
    for number in range(draw(st.integers(1, 2))):
        whose: dict[str, Any] = {"isp_id": tenant.isp_id, "device_id": tenant.device_id,
                                 "session_id": b"80f0000%d" % number, "username": tenant.username.encode()}  # fmt: skip
        began = draw(st.sampled_from(MOMENTS)) + draw(st.integers(-80_000, 80_000)) + draw(st.sampled_from((0, 0.25)))
        if draw(st.booleans()):
            packets.append(report(START, received=began, session_time=0, **whose))
        seconds = octets_in = octets_out = 0
        for _ in range(draw(st.integers(1, 4))):
            seconds += draw(st.integers(1, 50_000))
            octets_in, octets_out = octets_in + draw(st.integers(0, 10**9)), octets_out + draw(st.integers(0, 7))
            packets.append(report(received=began + seconds, session_time=seconds, octets_in=octets_in,
                                  octets_out=octets_out, **whose))  # fmt: skip
    return sorted(packets, key=lambda packet: packet.received)


def _hear(memory: OnlineTable, shop: Shop, windows: tuple[Window, ...], packet: AccountingRecord) -> None:
    start = max(start for start in shop.starts if start <= packet.received)
    apply(memory, packet, shop.tenant.customer_id, start, timetable=timetable(shop.zone, windows))


def _booked(engine: Engine) -> dict[float, tuple[int, int, int]]:
    """Period → (octets, those that do not count, seconds); the days have the same octets."""
    with engine.connect() as connection:
        rows = connection.execute(text(
            "select date_part('epoch', period_start), bytes_in + bytes_out, uncounted_in + uncounted_out, seconds "
            "from usage")).all()  # fmt: skip
        days = connection.execute(text(
            "select coalesce(sum(bytes_in + bytes_out), 0), coalesce(sum(uncounted_in + uncounted_out), 0) "
            "from usage_daily")).one()  # fmt: skip
    assert tuple(days) == (sum(row[1] for row in rows), sum(row[2] for row in rows))
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _expected(
    shop: Shop, windows: tuple[Window, ...], packets: Sequence[AccountingRecord]
) -> dict[float, tuple[int, int, int]]:
    sums: dict[float, list[int]] = defaultdict(lambda: [0, 0, 0])
    by_session: dict[bytes, list[AccountingRecord]] = defaultdict(list)
    for packet in packets:
        by_session[packet.session_id].append(packet)
    for own in by_session.values():
        first = own[0]._replace(octets_in=0, octets_out=0, session_time=0)
        for before, after in pairwise([first, *own]):
            grown = [after.octets_in - before.octets_in, after.octets_out - before.octets_out,
                     (after.session_time or 0) - (before.session_time or 0)]  # fmt: skip
            for begin, end in _pieces(shop, before.received, after.received):
                shares = [_share(amount, before.received, after.received, begin, end) for amount in grown]
                if any(shares):
                    _counts_as(sums[max(start for start in shop.starts if start <= begin)], shares,
                               watched(shop.zone, windows, begin)[1])  # fmt: skip
    return {period: (octets, uncounted, seconds) for period, (octets, uncounted, seconds) in sums.items()}


def _counts_as(sums: list[int], shares: Sequence[int], counts: bool) -> None:
    sums[0] += shares[0] + shares[1]
    sums[1] += 0 if counts else shares[0] + shares[1]
    sums[2] += shares[2]


def _pieces(shop: Shop, begin: float, end: float) -> Iterator[tuple[float, float]]:
    """From quarter to quarter, where periods and hours begin."""
    if begin == end:
        yield begin, end
        return
    while begin < end:
        following = min(end, (begin // QUARTER + 1) * QUARTER)
        yield begin, following
        begin = following


def _share(amount: int, since: float, until: float, begin: float, end: float) -> int:
    """What of the amount came by the end and not by the beginning, in whole ones."""
    if since == until:
        return amount
    reached = [int(Fraction(amount) * Fraction(moment - since) / Fraction(until - since)) for moment in (begin, end)]
    return reached[1] - reached[0]
