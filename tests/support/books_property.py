"""What must hold of the books: packets lost, repeated, delayed, overtaken; the writer dying anywhere.

`expected` is a second, simple calculation of the same books from the packets as they arrived, with fractions instead
of the ledger's arithmetic. Times straddle a midnight of each tenant's zone and the beginning of a period.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import Engine, text

from models.accounting import booking
from models.accounting.records import INTERIM, START, STOP, AccountingRecord
from radius_module.ipc.feed import WriterFeed
from radius_module.spool import codec, files, segment
from radius_module.writer import writer
from radius_module.writer.spool_reader import Batch, SpoolReader
from radius_module.writer.writer import Writer
from tests.support.database import Tenant, empty_books
from tests.support.reports_made import NOON, our_class, report

#: 10:00 UTC is midnight in Kiritimati; a period of everybody begins an hour later.
MIDNIGHT = NOON - 7200
RENEWAL = NOON - 3600
ZONES = ("UTC", "Pacific/Kiritimati")
#: All that a crash may find: nothing of a batch committed, all of it, and of what is read to its end a part removed.
CRASHES = ("while booking", "before commit", "after commit", "between two removals")


class Crash(BaseException):
    """The writer's process dies here."""


@dataclass
class Case:
    """What arrives, in which batches it is booked, and where the writer dies."""

    arrivals: list[AccountingRecord]
    batch: int
    crashes: dict[int, str] = field(default_factory=dict)


@st.composite
def cases(draw: st.DrawFn, tenants: Sequence[Tenant]) -> Case:
    """A few sessions, each with its true history, through a bad network."""
    arrivals: list[AccountingRecord] = []
    for number in range(draw(st.integers(1, 4))):
        arrivals += _delivered(draw, _history(draw, number, draw(st.sampled_from(tenants))))
    arrivals.sort(key=lambda one: one.received)
    crashes = draw(st.dictionaries(st.integers(0, 12), st.sampled_from(CRASHES), max_size=4))
    return Case(arrivals, draw(st.integers(1, 8)), crashes)


def _history(draw: st.DrawFn, number: int, tenant: Tenant) -> list[AccountingRecord]:
    began = draw(st.sampled_from((MIDNIGHT, RENEWAL))) - draw(st.integers(0, 4000)) + draw(st.integers(0, 999)) / 1000
    klass = our_class(began, number + 1) if draw(st.booleans()) else b""
    # Two tenants may use the same ids at the same time; no router has two sessions of one id.
    session_id = b"80f0000%d" % number
    whose: dict[str, Any] = {"isp_id": tenant.isp_id, "device_id": tenant.device_id, "klass": klass,
                             "session_id": session_id, "username": tenant.username.encode()}  # fmt: skip
    packets = [report(START, received=began, **whose)]
    seconds = octets_in = octets_out = 0
    for _ in range(draw(st.integers(0, 5))):
        step = draw(st.integers(1, 3000))
        seconds += step
        # What a line carries: more than that is another test's (tests/models/accounting/test_plausible.py).
        octets_in += draw(st.sampled_from((0, 1, 7, 1000, (1 << 32) + 5 if step > 8 else 9)))
        octets_out += draw(st.integers(0, min(1 << 34, step * 500_000_000)))
        # A router may err and take some back: that is not believed.
        shown = max(0, octets_in - draw(st.sampled_from((0, 0, 0, 3))))
        packets.append(report(INTERIM, received=began + seconds, session_time=seconds, octets_in=shown,
                              octets_out=octets_out, **whose))  # fmt: skip
    if draw(st.booleans()):
        packets.append(packets[-1]._replace(status=STOP, session_time=seconds, cause="User-Request"))
    return packets


def _delivered(draw: st.DrawFn, packets: Sequence[AccountingRecord]) -> list[AccountingRecord]:
    """Each packet arrives never, once or several times, sooner or later."""
    # Without Class a packet that is later than a minute may be taken for a namesake's: no router repeats so long.
    longest = 2000 if packets[0].klass else 50
    delays = st.lists(st.one_of(st.integers(0, 3), st.integers(0, longest)), max_size=3)
    return [one._replace(received=one.received + delay) for one in packets for delay in draw(delays)]


def book(engine: Engine, directory: Path, case: Case) -> None:
    """Through a spool and a writer that dies where the case says so, and is started again."""
    shutil.rmtree(directory, ignore_errors=True)
    files.make_ready(directory)
    empty_books(engine)
    half = len(case.arrivals) // 2
    for number, part in enumerate((case.arrivals[:half], case.arrivals[half:], [])):
        # As SegmentWriter would leave it, without its waits for the disk.
        octets = [segment.frame(codec.dump([codec.plain(one)]), 1) for one in part]
        (directory / f"{number:016d}-0{segment.SUFFIX}").write_bytes(b"".join([segment.HEADER, *octets, bytes(64)]))
    writer.BATCH = case.batch
    made, drain = _begin(engine, directory)
    step = 0
    while made.step(drain) or len(segment.listed(directory)) > 1:
        if step in case.crashes:
            _die(made, drain, case.crashes[step])
            made, drain = _begin(engine, directory)
        step += 1
    # Back to the pool: a connection costs as much as three batches.
    if made._connection is not None:
        made._connection.close()


def _begin(engine: Engine, directory: Path) -> tuple[Writer, SpoolReader]:
    drain = SpoolReader(directory, "node")
    return Writer(engine, [drain], WriterFeed(directory / "none"), "node"), drain


def _die(made: Writer, drain: SpoolReader, place: str) -> None:
    tidy = drain.tidy

    def crash(*_: object) -> None:
        raise Crash

    def tidy_half(batch: Batch) -> None:
        tidy(batch._replace(finished=batch.finished[:1]))
        raise Crash

    owner, name, act = {
        "while booking": (booking, "book", crash),
        "before commit": (drain, "advance", crash),
        "after commit": (drain, "tidy", crash),
        "between two removals": (drain, "tidy", tidy_half),
    }[place]
    with suppress(Crash), patch.object(owner, name, act):
        made.step(drain)
    made._lost()


def check(engine: Engine, tenants: Sequence[Tenant], case: Case) -> None:
    """The books are what the packets say."""
    wanted_sessions, wanted_days, wanted_periods = expected(tenants, case.arrivals)
    with engine.connect() as connection:
        sessions = connection.execute(text(
            "select isp_id, acctsessionid, coalesce(class, ''), acctinputoctets, acctoutputoctets, acctsessiontime, "
            "acctstoptime is not null from radacct"))  # fmt: skip
        assert sorted(map(tuple, sessions)) == sorted(wanted_sessions)
        days = connection.execute(text("select isp_id, day, bytes_in, bytes_out from usage_daily"))
        assert {(row[0], row[1]): (row[2], row[3]) for row in days} == wanted_days
        periods = connection.execute(text("select isp_id, period_start, bytes_in, bytes_out from usage"))
        moved = {(row[0], row[1].timestamp()): (row[2], row[3]) for row in periods}
        # A session that was idle is in its period for its time alone.
        assert _not_empty(moved) == _not_empty(wanted_periods)
        online = connection.execute(text("select isp_id, sum(seconds) from usage group by 1"))
        seconds: dict[int, int] = defaultdict(int)
        for isp_id, *_, session_time, _over in wanted_sessions:
            seconds[isp_id] += session_time
        assert {isp_id: int(total) for isp_id, total in online if total} == {k: v for k, v in seconds.items() if v}


Sums = dict[Any, tuple[int, int]]


def _not_empty(sums: Sums) -> Sums:
    return {key: both for key, both in sums.items() if any(both)}


def expected(
    tenants: Sequence[Tenant], arrivals: Sequence[AccountingRecord]
) -> tuple[list[tuple[Any, ...]], Sums, Sums]:
    """(sessions, days, periods), calculated apart from the ledger."""
    by_session: dict[tuple[int, bytes, bytes], list[AccountingRecord]] = defaultdict(list)
    for one in arrivals:
        by_session[one.isp_id, one.session_id, one.klass].append(one)
    zone_of = {tenant.isp_id: ZoneInfo(zone) for tenant, zone in zip(tenants, ZONES, strict=True)}
    days: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    periods: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    sessions = []
    for (isp_id, session_id, klass), packets in by_session.items():
        sessions.append((
            isp_id, session_id.decode(), klass.hex(), max(one.octets_in for one in packets),
            max(one.octets_out for one in packets), max(one.session_time or 0 for one in packets),
            any(one.status == STOP for one in packets),
        ))  # fmt: skip
        for side, octets_of in enumerate((lambda one: one.octets_in, lambda one: one.octets_out)):
            for day, period, octets in _shares(packets, side, octets_of, zone_of[isp_id]):
                days[isp_id, day][side] += octets
                periods[isp_id, period][side] += octets
    return sessions, _rows(days), _rows(periods)


def _rows(sums: dict[Any, list[int]]) -> Sums:
    return {key: (both[0], both[1]) for key, both in sums.items()}


def _shares(
    packets: Sequence[AccountingRecord], side: int, octets_of: Any, zone: ZoneInfo
) -> list[tuple[Any, float, int]]:
    """(day, period, octets) of one direction of one session."""
    shares = []
    previous: Fraction | None = None
    top = [0, 0, 0]
    for one in packets:
        values = [one.session_time or 0, one.octets_in, one.octets_out]
        at = _exact(one.received)
        is_news = previous is None or any(value > high for value, high in zip(values, top, strict=True))
        growth = max(0, octets_of(one) - top[1 + side])
        if is_news:
            if values[1] > top[1] or values[2] > top[2]:
                shares += _spread(growth, at if previous is None else previous, at, zone)
            previous = at
        top = [max(value, high) for value, high in zip(values, top, strict=True)]
    return shares


def _spread(growth: int, begin: Fraction, at: Fraction, zone: ZoneInfo) -> list[tuple[Any, float, int]]:
    """Evenly, cut at midnights and at the period's beginning; whole octets, nothing lost."""
    if begin == at:
        return [(*_where(float(at), zone), growth)]
    shares, reached = [], 0
    for start, end in pairwise(sorted({begin, at, *(_exact(cut) for cut in _cuts(zone) if begin < cut < at)})):
        share = growth if end == at else int(growth * (end - begin) / (at - begin))
        shares.append((*_where(float(start), zone), share - reached))
        reached = share
    return shares


def _exact(moment: float) -> Fraction:
    return Fraction(round(moment * 1_000_000), 1_000_000)


def _cuts(zone: ZoneInfo) -> list[float]:
    return [RENEWAL, MIDNIGHT] if zone.key != "UTC" else [RENEWAL, NOON + 12 * 3600, NOON - 12 * 3600]


def _where(moment: float, zone: ZoneInfo) -> tuple[Any, float]:
    return datetime.fromtimestamp(moment, zone).date(), RENEWAL if moment >= RENEWAL else RENEWAL - 86_400 * 30
