"""Logins alone at 64 in flight, against both stock servers, and whether history makes them slower."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench import checked_logins, measure
from tests.bench.bench import Bench
from tests.bench.population import CUSTOMERS, WITH_ROWS
from tests.bench.requests import Proof, mschap2, pap
from tests.bench.table import Row, bounded, compared

_FEW_ROWS = 1_000


@dataclass(frozen=True)
class _Kind:
    """One way of logging in; targets are those of PAP sent singly, the other ways are figures beside it."""

    title: str
    customers: Sequence[int] = range(CUSTOMERS)
    proof: Proof = pap
    bursts: bool = False
    with_targets: bool = False


_KINDS = {
    "logins": _Kind("PAP, sent singly", with_targets=True),
    "bursts": _Kind("PAP, sent in bursts", bursts=True),
    "mschap2": _Kind("MS-CHAPv2", proof=mschap2),
    "ownrows": _Kind("rows of operators' own", customers=WITH_ROWS),
}
#: Side → what it is called, rate at least, p99 at most.
_AGAINST = {"stock": ("stock", 12.0), "lean": ("lean stock", 7.0)}
_P99 = 1 / 4


def logins(bench: Bench) -> list[Row]:
    """Every customer in turn, project and both stock servers in turn; the targets of the issue."""
    sides = [*bench.sides, *([bench.lean] if bench.lean else [])]
    for name, kind in _KINDS.items():
        for _ in range(bench.options.rounds):
            for side in sides:
                checked_logins.full_rate(bench, side, name, kind.customers, proof=kind.proof, bursts=kind.bursts)
    return [row for name, kind in _KINDS.items() for against in _AGAINST for row in _rows(bench, name, kind, against)]


def _rows(bench: Bench, name: str, kind: _Kind, against: str) -> list[Row]:
    title, rate = _AGAINST[against]
    words = f"{kind.title}; {title}"
    rates, p99 = bench.pair(name, "rate", against), bench.pair(name, "p99_ms", against)
    rows = [
        compared("logins", f"{words}: rate", rates, "1/s", at_least=rate if kind.with_targets else None),
        compared("logins", f"{words}: p99", p99, "ms", at_most=_P99 if kind.with_targets else None),
    ]
    if kind.with_targets:
        rows.append(compared("logins", f"{words}: p50", bench.pair(name, "p50_ms", against), "ms"))
    return [
        *rows,
        compared("logins", f"{words}: processor, all processes", bench.pair(name, "cpu_us", against), "us/login"),
        compared("logins", f"{words}: processor, FreeRADIUS", bench.pair(name, "server_us", against), "us/login"),
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
                checked_logins.full_rate(bench, side, name, range(CUSTOMERS))
        rows.append(compared("flat", f"p99 with {count:,} session rows", bench.pair(name, "p99_ms"), "ms"))
    (few, few_stock), (many, many_stock) = bench.pair("few rows", "p99_ms"), bench.pair("many rows", "p99_ms")
    growth = many / few if few and many else None
    stock = many_stock / few_stock if few_stock and many_stock else None
    return [*rows, bounded("flat", "p99 many / p99 few", growth, "", at_most=1.2, stock=stock)]
