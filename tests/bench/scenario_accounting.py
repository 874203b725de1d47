"""Accounting: Start, Stop and Interim-Update alone, beside logins, and the drain of a backlog."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg2

from tests.bench import checked_logins, measure, requests, tables
from tests.bench.bench import Bench, accounting_stream
from tests.bench.load import drive
from tests.bench.population import CUSTOMERS, SECRET
from tests.bench.result import Rate
from tests.bench.side import Side
from tests.bench.table import Row, bounded, compared
from tests.radius_client import AcctStatus, Growth, Request, exchange

# Half of the customers are online; the others log in beside them, as nobody may be online twice.
ONLINE, OTHERS = range(CUSTOMERS // 2), range(CUSTOMERS // 2, CUSTOMERS)
_SPARE = 1.3
_TRIAL_SECONDS = 30.0
_LOGINS_BESIDE = 200.0
_BOOKED_WITHIN_SECONDS = 120
_BACKLOG = 60_000

Sessions = Iterator[tuple[int, str, Growth | None]]


@dataclass(frozen=True)
class _Opened:
    run: str
    count: int


_opened: dict[str, _Opened] = {}
_runs = iter(range(1, 10_000))


def starts(bench: Bench) -> list[Row]:
    """New sessions at 64 in flight; all of them in PostgreSQL at the end."""
    for side in bench.sides:
        _start(bench, side)
    return _rows(bench, "start", rate=1.5, p99=1.0)


def stops(bench: Bench) -> list[Row]:
    """The sessions that `starts` began end; as long as they last, at most a run's time."""
    for side in bench.sides:
        if side.name not in _opened:
            _start(bench, side)
        if begun := _opened.pop(side.name, None):
            sessions = requests.ended_sessions(begun.run, ONLINE, begun.count)
            if done := _measured(bench, side, "stop", AcctStatus.STOP, sessions):
                _await_books(bench, side, "stop", begun.run, done, "acctstoptime IS NOT NULL")
    return _rows(bench, "stop", rate=4, p99=1 / 4)


def interims(bench: Bench) -> list[Row]:
    """Interim-Updates of open sessions, round after round, counters growing."""
    for side in bench.sides:
        run, rate = _open_and_try(bench, side)
        count = int(rate * bench.options.accounting_seconds * _SPARE)
        done = count and _measured(
            bench, side, "interim", AcctStatus.INTERIM_UPDATE, requests.updates(run, ONLINE, count)
        )
        if done:
            rounds = min(done, count) // len(ONLINE)
            _await_books(bench, side, "interim", run, len(ONLINE), f"acctsessiontime >= {60 * rounds}")
    return _rows(bench, "interim", rate=7, p99=1 / 4)


def mixed(bench: Bench) -> list[Row]:
    """A few logins a second while Interim-Updates arrive at half of the side's own full rate."""
    for side in bench.sides:
        run, rate = _open_and_try(bench, side)
        if not rate:
            continue
        known = bench.middle("interim", side.name)
        half = (known.rate if known else rate) / 2
        seconds = bench.options.accounting_seconds
        updates = requests.updates(run, ONLINE, int(half * seconds) + 1000)
        packets = requests.accounting(AcctStatus.INTERIM_UPDATE, updates, bench.class_of(side), int(time.time()))
        streams = [
            checked_logins.on_schedule(side, OTHERS, _LOGINS_BESIDE, seconds),
            accounting_stream(side.acct, packets, Rate(half)),
        ]
        logins, storm = checked_logins.measured(bench, side, "mixed", streams, seconds)
        bench.keep("mixed", side, logins)
        bench.keep("storm", side, storm)
    (p99, stock), (rates, stock_rate) = bench.pair("mixed", "p99_ms"), bench.pair("storm", "rate")
    return [
        compared("mixed", "accounting beside", (rates, stock_rate), "1/s"),
        bounded("mixed", "login p99", p99, "ms", at_most=15, stock=stock),
        compared("mixed", "login p99", (p99, stock), "ms", at_most=1 / 5),
    ]


def drain(bench: Bench) -> list[Row]:
    """Records pile up while PostgreSQL's session table is locked; how fast they are booked once it is not."""
    side = bench.sides[0]
    run = _new_run()
    if side.name != "project" or not _answers(bench, side, run):
        return []
    packets = requests.accounting(
        AcctStatus.START, requests.new_sessions(run, ONLINE, _BACKLOG), bench.class_of(side), int(time.time())
    )
    with psycopg2.connect(side.url) as db, db.cursor() as cursor:
        cursor.execute("LOCK TABLE radacct IN ACCESS EXCLUSIVE MODE")
        [result] = drive([accounting_stream(side.acct, packets)], 120)
    begun = time.monotonic()
    if not result.answered or not tables.booked(side.url, run, result.answered, "true", _BOOKED_WITHIN_SECONDS):
        return [bounded("drain", "backlog", None, "records/s", at_least=5000)]
    return [bounded("drain", f"backlog of {_BACKLOG:,} Starts", result.answered / (time.monotonic() - begun),
                    "records/s", at_least=5000)]  # fmt: skip


def _start(bench: Bench, side: Side) -> None:
    _, rate = _open_and_try(bench, side)
    count = int(rate * bench.options.accounting_seconds * _SPARE)
    run = _new_run()
    done = count and _measured(bench, side, "start", AcctStatus.START, requests.new_sessions(run, ONLINE, count))
    if done:
        _opened[side.name] = _Opened(run, done)
        _await_books(bench, side, "start", run, done, "true")
        tables.settle(side.url)


def _open_and_try(bench: Bench, side: Side) -> tuple[str, float]:
    """Put every customer of ONLINE on line; the run's name and the rate that the Starts had, 0 if none is answered."""
    run = _new_run()
    if not _answers(bench, side, run):
        return run, 0.0
    sessions = requests.new_sessions(run, ONLINE, len(ONLINE))
    packets = requests.accounting(AcctStatus.START, sessions, bench.class_of(side), int(time.time()))
    [result] = drive([accounting_stream(side.acct, packets)], _TRIAL_SECONDS)
    measure.await_quiet(side.roots())
    tables.settle(side.url)
    bench.say(f"    trial {side.name:>8}: {result.rate:9,.0f} Starts/s, {result.lost} lost")
    return run, result.rate


def _answers(bench: Bench, side: Side, run: str) -> bool:
    """Whether the side serves accounting at all; asked once."""
    if side.name not in bench.serves_accounting:
        sessions = requests.new_sessions(f"{run}first", ONLINE, 1)
        [first] = requests.accounting(AcctStatus.START, sessions, {}, int(time.time()))
        bench.serves_accounting[side.name] = exchange(Request(first, SECRET), side.acct, tries=3) is not None
        if not bench.serves_accounting[side.name]:
            bench.notes.append(f"! {side.name} answers no accounting.")
    return bench.serves_accounting[side.name]


def _measured(bench: Bench, side: Side, scenario: str, status: AcctStatus, sessions: Sessions) -> int:
    """One run with all its packets ready; how many were answered."""
    packets = requests.accounting(status, sessions, bench.class_of(side), int(time.time()))
    stream = accounting_stream(side.acct, packets)
    [sample] = measure.run(side, [stream], bench.options.accounting_seconds)
    bench.keep(scenario, side, sample)
    return stream.result.answered


def _await_books(bench: Bench, side: Side, scenario: str, run: str, count: int, condition: str) -> None:
    if not tables.booked(side.url, run, count, condition, _BOOKED_WITHIN_SECONDS):
        bench.notes.append(f"! {scenario}, {side.name}: not every acknowledged record is in PostgreSQL.")


def _new_run() -> str:
    return f"r{next(_runs):03x}"


def _rows(bench: Bench, scenario: str, *, rate: float, p99: float) -> list[Row]:
    return [
        compared(scenario, "rate", bench.pair(scenario, "rate"), "1/s", at_least=rate),
        compared(scenario, "p99", bench.pair(scenario, "p99_ms"), "ms", at_most=p99),
        compared(scenario, "processor time of all processes", bench.pair(scenario, "cpu_us"), "us/record"),
    ]
