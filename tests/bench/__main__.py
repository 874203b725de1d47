"""`python -m tests.bench`: options, the servers, the chosen scenarios, the table."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from service.errors import Refusal
from service.testing import Installation
from tests.bench import echo, environment, requests, stock_raddb
from tests.bench.bench import Bench, Options
from tests.bench.population import CUSTOMERS, SECRET, WITH_ROWS
from tests.bench.project import Project
from tests.bench.scenario_accounting import drain, interims, mixed, starts, stops
from tests.bench.scenario_api import api
from tests.bench.scenario_books import books
from tests.bench.scenario_changes import changes
from tests.bench.scenario_logins import flat, logins
from tests.bench.scenario_memory import memory
from tests.bench.scenario_neighbour import neighbour
from tests.bench.scenario_network import network
from tests.bench.scenario_strangers import strangers
from tests.bench.side import Side
from tests.bench.stock import Stock
from tests.bench.table import Row, as_data, as_text
from tests.radius_client import Request, decode, exchange

AUTH_PORT, ACCT_PORT, API_PORT = 22812, 22813, 22850
# Logins, accounting, statistics.
STOCK_PORTS, LEAN_PORTS = (22912, 22913, 22914), (22922, 22923, 22924)

# In this order: logins come first, as a customer who is on line may not log in again.
SCENARIOS: dict[str, Callable[[Bench], list[Row]]] = {
    "logins": logins,
    "start": starts,
    "stop": stops,
    "interim": interims,
    "mixed": mixed,
    "drain": drain,
    "flat": flat,
    "memory": memory,
    "strangers": strangers,
    "neighbour": neighbour,
    "changes": changes,
    "network": network,
    "api": api,
    "books": books,
}
#: Measured on installations of their own.
_ALONE = {"memory", "neighbour", "changes", "network", "api", "books"}
_QUICK = Options(login_seconds=4, accounting_seconds=6, rounds=1, flat_rows=300_000, many_customers=20_000,
                 many_devices=10_000, open_sessions=10_000, changed_at_once=5_000, cut_at_once=1_000,
                 many_transfers=100_000)  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Run the bench; 0 once it is measured, whatever the numbers: a bench is no test.

    1 if a figure is not what it is called: a packet not decided, an Accept not recorded.
    """
    given = _parser().parse_args(arguments)
    chosen = given.only.split(",") if given.only else list(SCENARIOS)
    if unknown := [name for name in chosen if name not in SCENARIOS]:
        _say(f"There is no scenario {', '.join(unknown)}. There are: {', '.join(SCENARIOS)}.")
        return 2
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, ExitStack() as stack:
        home = Path(directory)
        home.chmod(0o755)
        which = given.side if set(chosen) - _ALONE else "none"
        place, sides, lean = _started(stack, home, which, lean="logins" in chosen)
        bench = Bench(sides, _options(given), _say, [place, *_attributes([*sides, *lean])], next(iter(lean), None))
        rows = [row for name, scenario in SCENARIOS.items() if name in chosen for row in scenario(bench)]
        stock = [_STOCK_LINE] if "stock" in (side.name for side in sides) else []
        bench.notes += [*_ceilings(), *stock, *bench.flaws(), *bench.failures]
    _say("\n" + as_text(rows, bench.notes))
    if given.json:
        given.json.write_text(json.dumps(as_data(rows, bench.notes, bench.data()), indent=1) + "\n")
    return 1 if bench.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", metavar="A,B", help=f"of {', '.join(SCENARIOS)}")
    parser.add_argument("--quick", action="store_true", help="a few seconds each: to see that it runs")
    parser.add_argument("--seconds", type=float, metavar="N", help="of every run")
    parser.add_argument("--transfers", type=int, metavar="N", help="that the books grow to, in the scenario books")
    parser.add_argument("--rounds", type=int, metavar="N", help="of project and stock in turn; medians are shown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="rows and single measurements")
    parser.add_argument("--side", choices=("both", "project", "stock"), default="both")
    return parser


def _options(given: argparse.Namespace) -> Options:
    base = _QUICK if given.quick else Options()
    return Options(
        login_seconds=given.seconds or base.login_seconds,
        accounting_seconds=given.seconds or base.accounting_seconds,
        rounds=given.rounds or base.rounds,
        flat_rows=base.flat_rows,
        many_customers=base.many_customers,
        many_devices=base.many_devices,
        open_sessions=base.open_sessions,
        changed_at_once=base.changed_at_once,
        many_transfers=given.transfers or base.many_transfers,
        cut_at_once=base.cut_at_once,
    )


def _started(stack: ExitStack, home: Path, which: str, *, lean: bool) -> tuple[str, list[Side], list[Side]]:
    """The line about the machine; the servers with their customers, on one PostgreSQL; a lean stock if asked for."""
    installation = stack.enter_context(Installation(home / "state", AUTH_PORT, ACCT_PORT, API_PORT))
    installation.start_postgres()
    place = environment.line(installation.urls.owner, home)
    sides: list[Side] = []
    if which == "none":
        return place, [], []
    if which != "stock":
        project = Project(installation)
        _say("Seeding and starting the project ...")
        project.seed()
        project.start()
        sides.append(project)
    if which == "project":
        return place, sides, []
    stocks: list[Side] = []
    for ports, is_lean in ((STOCK_PORTS, False), (LEAN_PORTS, True))[: 1 + lean]:
        stock = Stock(installation.settings, home / "stock", ports, lean=is_lean)
        _say(f"Seeding and starting {stock.title} ...")
        stack.callback(stock.stop)
        stock.seed()
        stock.start()
        stocks.append(stock)
    return place, [*sides, stocks[0]], stocks[1:]


def _ceilings() -> list[str]:
    """What the generator itself can do: rates of servers near these are the generator's."""
    lines = []
    for words, bursts in (("singly", False), ("in bursts", True)):
        result = echo.ceiling(bursts=bursts)
        cost = result.generator_cpu / result.answered * 1e6
        lines.append(f"The load generator alone, {words}, against an echo: {result.rate:,.0f}/s at {cost:.1f} us each.")
    return lines


_STOCK_LINE = (
    "Stock: Debian's configuration, rlm_sql, sqlcounter over radacct, expiration; session check, login results and "
    "accounting by sql, the detail file that Debian switches on; lean stock: accounting by sql, no session check, no "
    f"login results, no detail file. No EAP; {stock_raddb.THREADS} threads and connections; one index more than "
    "schema.sql (radacct by user); statistics fresh."
)


def _attributes(sides: Sequence[Side]) -> list[str]:
    """How many attributes an Accept carries: the work must be the same on all sides."""
    words = []
    for side in sides:
        counts = []
        for number in (CUSTOMERS - 1, WITH_ROWS[-1]):
            [login] = requests.logins([number], 1)
            reply = exchange(Request(login, SECRET), side.auth)
            counts.append(len(decode(reply).attributes) if reply else 0)
        words.append(f"{side.name} {counts[0]} (with rows of an operator's own {counts[1]})")
    return [f"Attributes in an Accept: {', '.join(words)}."] if words else []


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _program() -> int:
    """`main` so that the servers are ended however it ends, and what an operator can mend is one sentence."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return main(sys.argv[1:])
    except (RuntimeError, Refusal) as error:
        _say(f"The bench cannot go on: {error}")
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(_program())
