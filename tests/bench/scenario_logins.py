"""Logins alone: rate, latency and processor time at 64 in flight, and whether history makes them slower."""

from tests.bench import measure
from tests.bench.bench import Bench, login_stream
from tests.bench.population import CUSTOMERS
from tests.bench.table import Row, bounded, compared

_FEW_ROWS = 1_000


def logins(bench: Bench) -> list[Row]:
    """Every customer in turn, project and stock in turn; the targets of the issue."""
    for _ in range(bench.options.rounds):
        for side in bench.sides:
            stream = login_stream(side, range(CUSTOMERS))
            bench.keep("logins", side, measure.run(side, [stream], bench.options.login_seconds)[0])
    return [
        compared("logins", "rate", bench.pair("logins", "rate"), "1/s", at_least=9),
        compared("logins", "p50", bench.pair("logins", "p50_ms"), "ms"),
        compared("logins", "p99", bench.pair("logins", "p99_ms"), "ms", at_most=1 / 4),
        compared("logins", "processor time of all processes", bench.pair("logins", "cpu_us"), "us/login"),
    ]


def flat(bench: Bench) -> list[Row]:
    """p99 of a login with few and with millions of session rows."""
    rows = []
    for name, count in (("few rows", _FEW_ROWS), ("many rows", bench.options.flat_rows)):
        for side in bench.sides:
            bench.say(f"     flat {side.name:>8}: {count:,} session rows")
            side.set_sessions(count)
            measure.await_quiet(side.roots())
        for _ in range(bench.options.rounds):
            for side in bench.sides:
                stream = login_stream(side, range(CUSTOMERS))
                bench.keep(name, side, measure.run(side, [stream], bench.options.login_seconds)[0])
        rows.append(compared("flat", f"p99 with {count:,} session rows", bench.pair(name, "p99_ms"), "ms"))
    (few, few_stock), (many, many_stock) = bench.pair("few rows", "p99_ms"), bench.pair("many rows", "p99_ms")
    growth = many / few if few and many else None
    stock = many_stock / few_stock if few_stock and many_stock else None
    return [*rows, bounded("flat", "p99 many / p99 few", growth, "", at_most=1.2, stock=stock)]
